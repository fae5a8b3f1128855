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

/** Checks the shape of a value. */
export function checkShape(where: string, { shape }: Value, wanted: readonly number[], hint: string): void {
  if (shape.length === wanted.length && shape.every((size, i) => size === wanted[i])) return;
  throw violation(`${where} must have the shape [${wanted.join(', ')}].`, hint, shape);
}

/** Whether two sets of values are bit-identical. */
export function sameValues(a: Values, b: Values): boolean {
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => b[name] !== undefined && distance(a[name]!.data, b[name].data) === 0)
  );
}

/** Checks that compiled and interpreted outputs differ only by rounding. */
export function checkCompiled(where: string, graph: Values, eager: Values): void {
  for (const [name, wanted] of Object.entries(eager)) {
    const off = distance(graph[name]!.data, wanted.data) / Math.max(1, magnitude(wanted.data));
    if (off < 1e-4) continue;
    throw violation(
      `${where}: ${name} differs between compiled and interpreted programs.`,
      'A program is recorded once, so it must not depend on tensor values, host randomness or module state.',
      off,
    );
  }
}

/** The way out for parameters that the author of a loss has not made. */
const unreadMemory =
  'It belongs to joint training with a memory, which works only if the loss adds `batch.offsets` [B, N] to the logits of the ' +
  'last state, as supervisedLoss does. Add them, or pass `memory: false` to testAgent.';

/**
 * Checks that all parameters get a gradient, except those in `still`, which must not get one.
 *
 * @param passes gradients of several passes; a parameter needs a gradient in only one of them
 */
export function checkGradients(params: Values, passes: readonly Values[], still: readonly string[]): void {
  const size = (name: string) => Math.max(...passes.map((grads) => magnitude(grads[name]?.data ?? [])));
  const greatest = Math.max(...Object.keys(params).map(size));
  const unknown = still.find((name) => !(name in params));
  if (unknown) throw violation(`still lists "${unknown}", which is not a parameter.`, 'Correct or remove the entry.');
  for (const name of Object.keys(params)) {
    // A gradient that is 0 in exact arithmetic may be rounding noise here.
    const moves = size(name) > 1e-6 * greatest;
    if (moves && still.includes(name)) {
      throw violation(`"${name}" is listed in still but gets a gradient.`, 'Remove it from `still`.', size(name));
    }
    if (moves || still.includes(name)) continue;
    const hint = name.startsWith('memory.')
      ? unreadMemory
      : 'Check that the loss depends on it without a stopGradient, argMax or cast in between, or list it in `still`.';
    throw violation(`The parameter "${name}" gets no gradient.`, hint);
  }
}
