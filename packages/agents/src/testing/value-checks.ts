import type { Value, Values } from '@lea/tensor';
import { distance, magnitude } from './tensors.ts';
import { violation } from './violation.ts';

/** Refuses NaN and infinite numbers. */
export function checkFinite(where: string, values: Values): void {
  for (const [name, { data }] of Object.entries(values)) {
    if (Number.isFinite(magnitude(data))) continue;
    throw violation(
      `${where}: ${name} is not finite.`,
      'Look for logarithms of 0, divisions by 0 and masks of -Infinity.',
      Number.NaN,
    );
  }
}

/** Refuses any other shape. */
export function checkShape(where: string, { shape }: Value, wanted: readonly number[], hint: string): void {
  if (shape.length === wanted.length && shape.every((size, i) => size === wanted[i])) return;
  throw violation(`${where} has another shape than [${wanted.join(', ')}].`, hint, shape);
}

/** Equal to the last bit. */
export function sameValues(a: Values, b: Values): boolean {
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => b[name] !== undefined && distance(a[name]!.data, b[name].data) === 0)
  );
}

/** Refuses compiled outputs that differ from eager ones by more than rounding. */
export function checkCompiled(where: string, graph: Values, eager: Values): void {
  for (const [name, wanted] of Object.entries(eager)) {
    const off = distance(graph[name]!.data, wanted.data) / Math.max(1, magnitude(wanted.data));
    if (off < 1e-4) continue;
    throw violation(
      `${where}: ${name} is not the same compiled and eagerly.`,
      'A program is recorded once: values of tensors, host randomness and module state must not decide what it does.',
      off,
    );
  }
}

/**
 * Refuses parameters without a gradient, unless they are to stay still, and those that do not stay still.
 *
 * @param passes gradients of one pass each; one that moves a parameter is enough
 */
export function checkGradients(params: Values, passes: readonly Values[], still: readonly string[]): void {
  const size = (name: string) => Math.max(...passes.map((grads) => magnitude(grads[name]?.data ?? [])));
  const greatest = Math.max(...Object.keys(params).map(size));
  const unknown = still.find((name) => !(name in params));
  if (unknown) throw violation(`still names "${unknown}", which is no parameter.`, 'Correct it or leave it out.');
  for (const name of Object.keys(params)) {
    // What is 0 in exact arithmetic is rounding noise here.
    const moves = size(name) > 1e-6 * greatest;
    if (moves && still.includes(name)) {
      throw violation(`"${name}" is to stay still but gets a gradient.`, 'Take it off the list `still`.', size(name));
    }
    if (moves || still.includes(name)) continue;
    throw violation(
      `The parameter "${name}" gets no gradient.`,
      'See that the loss depends on it and that no stopGradient, argMax or cast cuts it off; list it as `still` if that is meant.',
    );
  }
}
