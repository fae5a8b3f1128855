import { LeaError } from '@lea/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Initializer, Node } from '../onnx/model.ts';
import { namesRead } from '../onnx/names.ts';
import type { Program, ProgramSpecs, Specs, Tensors } from '../types.ts';
import { checkConstants, specsOf } from '../values.ts';
import { RECORDER, recorderBackend } from './backend.ts';
import { registerRecordedKernels } from './kernels/index.ts';
import { peakBytes } from './memory.ts';
import type { Recording } from './recording.ts';

/** A program as ONNX nodes. */
export interface Recorded {
  readonly nodes: readonly Node[];
  readonly initializers: readonly Initializer[];
  /** The `constants` that the program uses. */
  readonly constants: readonly Initializer[];
  /** Names of the next state in the recording: results of nodes, arguments or initializers, possibly repeated. */
  readonly state: Readonly<Record<string, string>>;
  readonly outputs: Readonly<Record<string, string>>;
  readonly outputSpecs: Specs;
  /** The most bytes that results of nodes take at a time. */
  readonly workingBytes: number;
}

/** The names of a program's arguments in its recording. */
export const argumentName = {
  state: (name: string): string => `state:${name}`,
  inputs: (name: string): string => `input:${name}`,
  frozen: (name: string): string => `frozen:${name}`,
};

let registered = false;

/**
 * Runs the program once on the recorder and keeps only the nodes that its results need.
 *
 * @throws LeaError `E_OP_UNSUPPORTED`, `E_TRACED_READ`, `E_TRACED_RANDOM`, `E_PROGRAM`, `E_FEED`
 */
export function record(program: Program, specs: ProgramSpecs): Recorded {
  checkConstants(specs);
  const recorder = recorderBackend();
  if (!registered) registerRecordedKernels();
  registered = true;
  const before = tf.getBackend();
  void tf.setBackend(RECORDER);
  const recording = recorder.begin();
  const { random } = Math;
  Math.random = refuseRandom;
  try {
    let recorded: Recorded | undefined;
    tf.tidy(() => {
      recorded = recordOnce(program, specs, recording);
    });
    return recorded!;
  } catch (error) {
    throw unsupported(error);
  } finally {
    Math.random = random;
    recorder.end();
    if (before) void tf.setBackend(before);
  }
}

/** Random numbers of the host, such as those of `tf.randomNormal`, would be drawn once and be the same at every step. */
function refuseRandom(): never {
  throw new LeaError('E_TRACED_RANDOM', 'A program drew random numbers of the host while it was being recorded.', {
    hint: 'They would be the same at every step. Use dropout or randomUniform with a key, or feed the numbers.',
  });
}

function recordOnce(program: Program, specs: ProgramSpecs, recording: Recording): Recorded {
  const recorder = recorderBackend();
  const traced = (kind: keyof typeof argumentName, some: Specs = {}): Tensors =>
    Object.fromEntries(
      Object.entries(some).map(([name, { shape, dtype }]) => {
        const info = recorder.tensor(argumentName[kind](name), shape, dtype);
        return [name, tf.engine().makeTensorFromTensorInfo(info)];
      }),
    );
  const { state, outputs } = program({
    state: traced('state', specs.state),
    inputs: traced('inputs', specs.inputs),
    frozen: traced('frozen', { ...specs.frozen, ...specs.constants }),
  });
  checkState(specs.state ?? {}, specsOf(state));
  const names = (tensors: Tensors) =>
    Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, recorder.name(tensor)]));
  const result = { state: names(state), outputs: names(outputs), outputSpecs: specsOf(outputs) };
  const needed = new Set([...Object.values(result.state), ...Object.values(result.outputs)]);
  const kept = pruned(recording, needed);
  const constants = Object.entries(specs.constants ?? {}).map(([name, value]) => ({
    name: argumentName.frozen(name),
    ...value,
  }));
  const results = [...Object.values(result.state), ...Object.values(result.outputs)];
  const workingBytes = peakBytes(kept.nodes, recording.bytes, results);
  return { ...result, ...kept, workingBytes, constants: constants.filter(({ name }) => needed.has(name)) };
}

/** Keeps only what the results need; drops unused gradients and constants. */
function pruned(
  { nodes, initializers }: Recording,
  needed: Set<string>,
): { nodes: Node[]; initializers: Initializer[] } {
  const kept = nodes
    .toReversed()
    .filter((node) => {
      if (!node.outputs.some((name) => needed.has(name))) return false;
      for (const name of namesRead([node])) needed.add(name);
      return true;
    })
    .toReversed();
  return { nodes: kept, initializers: initializers.filter(({ name }) => needed.has(name)) };
}

function checkState(specs: Specs, next: Specs): void {
  for (const name of new Set([...Object.keys(specs), ...Object.keys(next)])) {
    const [a, b] = [specs[name], next[name]].map((spec) =>
      spec ? `${spec.dtype}[${spec.shape.join(', ')}]` : 'nothing',
    );
    if (a !== b) {
      const hint = 'Return a state with the same names, shapes and dtypes as the one passed in.';
      throw new LeaError('E_PROGRAM', `Expected the program to return state "${name}" as ${a}, got ${b}.`, { hint });
    }
  }
}

function unsupported(error: unknown): unknown {
  const op = /Kernel '([^']+)' not registered/.exec(String(error))?.[1];
  if (!op) return error;
  const known = tf
    .getKernelsForBackend(RECORDER)
    .map(({ kernelName }) => kernelName)
    .sort();
  return new LeaError('E_OP_UNSUPPORTED', 'The program uses a tfjs op that cannot be compiled.', {
    value: op,
    hint: `Compose it from other ops, or run the program with interpret(). Supported ops: ${known.join(', ')}.`,
    cause: error,
  });
}
