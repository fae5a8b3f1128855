import { checkChoices, checkFunctions, checkObjects, resource } from '@lea/core';
import * as tf from '@tensorflow/tfjs-core';
import { checkProgramSpecs } from './arguments.ts';
import { onBackend, useBackend } from './backends.ts';
import { stepCount } from './feed.ts';
import type { Feed, Mode, Program, ProgramSpecs, Runner, RunResult, Tensors, Value, Values } from './types.ts';
import { arrayOf, checkConstants, checkValues, fromTensor, sizeOf, toTensor } from './values.ts';

/**
 * Prepares a program to run eagerly on a tfjs backend: the reference for compiled programs, and the alternative without native
 * code. Same arguments and results as `compile`.
 *
 * @param options.backend see `useBackend`; default `cpu`
 * @param options.mode steps per run, see `Mode`; default `loop`
 * @throws LeaError `E_BACKEND_MISSING`, `E_FEED`, `E_PROGRAM` (a constant is also a frozen input), `E_OPTION_VALUE`
 */
export async function interpret(
  program: Program,
  specs: ProgramSpecs,
  options: { readonly backend?: string; readonly mode?: Mode } = {},
): Promise<Runner> {
  checkFunctions('interpret', { program });
  checkProgramSpecs('interpret', { specs });
  checkObjects('interpret', { options });
  const { backend = 'cpu', mode = 'loop' } = options;
  checkChoices('interpret', { mode }, { mode: ['loop', 'direct'] });
  checkConstants(specs);
  await tf.ready();
  const before = tf.getBackend();
  await useBackend(backend);
  await tf.setBackend(before);
  return {
    run: async (feed) => onBackend(backend, () => runEagerly(program, specs, feed, mode)),
    ...resource(async () => {}),
    info: { backend, nodes: 0, threads: 1 },
  };
}

function runEagerly(program: Program, specs: ProgramSpecs, feed: Feed, mode: Mode): RunResult {
  const steps = stepCount(specs, feed, mode);
  let state = feed.state ?? {};
  const outputs: Values[] = [];
  for (let step = 0; step < steps; step++) {
    const inputs = mode === 'direct' ? feed.inputs : mapValues(feed.inputs, (value) => row(value, step, steps));
    let next: Values = {};
    tf.tidy(() => {
      const frozen = tensors({ ...specs.constants, ...feed.frozen });
      const result = program({ state: tensors(state), inputs: tensors(inputs), frozen });
      next = values(result.state);
      outputs.push(values(result.outputs));
    });
    checkValues('next state', specs.state ?? {}, next);
    state = next;
  }
  if (mode === 'direct') return { state, outputs: outputs[0]! };
  return { state, outputs: stacked(outputs) };
}

function tensors(set: Values): Tensors {
  return mapValues(set, toTensor);
}

function values(set: Tensors): Values {
  return mapValues(set, fromTensor);
}

/** The values of a record, each replaced by a function of it. */
export function mapValues<A, B>(set: Record<string, A>, f: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(set).map(([name, value]) => [name, f(value)]));
}

/** One of the `steps` rows of a value, without its leading dimension. */
export function row({ dtype, shape, data }: Value, step: number, steps: number): Value {
  const size = data.length / steps;
  return { dtype, shape: shape.slice(1), data: data.subarray(step * size, (step + 1) * size) };
}

/** The values of steps with a leading dimension of steps. */
export function stacked(rows: readonly Values[]): Values {
  return Object.fromEntries(
    Object.entries(rows[0]!).map(([name, { dtype, shape }]) => {
      const data = arrayOf(dtype, rows.length * sizeOf(shape));
      for (const [step, row] of rows.entries()) data.set(row[name]!.data, step * sizeOf(shape));
      return [name, { dtype, shape: [rows.length, ...shape], data }];
    }),
  );
}
