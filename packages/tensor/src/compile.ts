import { availableParallelism } from 'node:os';
import { checkChoices, checkFunctions, checkObjects, checkRanges, LeaError, resource } from '@lea/core';
import * as tf from '@tensorflow/tfjs-core';
import type { InferenceSession, Tensor } from 'onnxruntime-common';
import { checkProgramSpecs } from './arguments.ts';
import { stepCount } from './feed.ts';
import { estimatedMemory } from './memory.ts';
import { modelGraph, modelNames, STEPS } from './onnx/program.ts';
import { writeModel } from './onnx/write.ts';
import { onnxRuntime } from './onnxruntime.ts';
import { record } from './recorder/record.ts';
import type { DType, Feed, Mode, Program, ProgramSpecs, Runner, RunResult, Specs, Value, Values } from './types.ts';

/** Options of `compile`. */
export interface CompileOptions {
  /** Number of threads. Results are bitwise reproducible for a fixed number. Default: the number of cores, at most 2. */
  readonly threads?: number;
  /** Whether idle threads busy-wait: faster for a single job, slower when several jobs share the cores. Default: false. */
  readonly spinning?: boolean;
  /** Steps per run, see `Mode`. Default: `loop`. */
  readonly mode?: Mode;
}

/**
 * Records a program and compiles it for ONNX Runtime.
 *
 * @throws LeaError `E_OP_UNSUPPORTED` (an op cannot be recorded), `E_TRACED_READ` (the program reads tensor data),
 *   `E_TRACED_RANDOM` (it draws random numbers without a key), `E_PROGRAM` (the state changes its names, shapes or dtypes),
 *   `E_COMPILE_MEMORY` (it needs more memory than there is), `E_COMPILE` (ONNX Runtime rejects the model), `E_OPTION_VALUE`
 */
export async function compile(program: Program, specs: ProgramSpecs, options: CompileOptions = {}): Promise<Runner> {
  checkFunctions('compile', { program });
  checkProgramSpecs('compile', { specs });
  checkObjects('compile', { options });
  const { threads = Math.min(2, availableParallelism()), spinning = false, mode = 'loop' } = options;
  checkRanges('compile', { threads }, { threads: [1, 1024, 'whole'] });
  checkChoices('compile', { spinning, mode }, { spinning: [true, false], mode: ['loop', 'direct'] });
  await tf.ready();
  const recorded = record(program, specs);
  const memoryBytes = estimatedMemory(recorded, specs);
  const session = await createSession(writeModel(modelGraph(recorded, specs, mode)), threads, spinning);
  const { state = {}, frozen = {} } = specs;
  const names = modelNames(mode);
  let released = false;

  async function run(feed: Feed): Promise<RunResult> {
    if (released)
      throw new LeaError('E_DISPOSED', 'The runner has been disposed.', { hint: 'Compile the program again.' });
    const steps = stepCount(specs, feed, mode);
    const feeds = {
      ...(mode === 'loop' && { [STEPS]: new (onnxRuntime().Tensor)('int64', BigInt64Array.of(BigInt(steps)), []) }),
      ...ortTensors(state, feed.state ?? {}, names.state),
      ...ortTensors(frozen, feed.frozen ?? {}, names.frozen),
      ...ortTensors(specs.inputs, feed.inputs, names.inputs),
    };
    // Without arrays to write to: onnxruntime-node copies every output into an array of its own in any case.
    const fetched = await session.run(feeds);
    return {
      state: values(state, fetched, names.nextState),
      outputs: values(recorded.outputSpecs, fetched, names.outputs),
    };
  }

  async function dispose(): Promise<void> {
    if (released) return;
    released = true;
    await session.release();
  }

  return {
    run,
    ...resource(dispose),
    info: { backend: 'onnxruntime', nodes: recorded.nodes.length, threads, memoryBytes },
  };
}

async function createSession(model: Uint8Array, threads: number, spinning: boolean): Promise<InferenceSession> {
  const { InferenceSession: runtime } = onnxRuntime();
  try {
    return await runtime.create(model, {
      intraOpNumThreads: threads,
      graphOptimizationLevel: 'all',
      logSeverityLevel: 4,
      extra: { session: { intra_op: { allow_spinning: spinning ? '1' : '0' } } },
    });
  } catch (cause) {
    throw new LeaError('E_COMPILE', 'ONNX Runtime rejected the compiled program.', {
      value: String(cause),
      hint: 'Please report this. interpret() runs the same program eagerly.',
      cause,
    });
  }
}

function ortTensors(specs: Specs, values: Values, rename: (name: string) => string): Record<string, Tensor> {
  const { Tensor } = onnxRuntime();
  return Object.fromEntries(
    Object.keys(specs).map((name) => {
      const { dtype, data, shape } = values[name]!;
      return [rename(name), new Tensor(dtype, data as Float32Array, shape)];
    }),
  );
}

function values(specs: Specs, tensors: Readonly<Record<string, Tensor>>, rename: (name: string) => string): Values {
  return Object.fromEntries(
    Object.keys(specs).map((name) => {
      const { type, dims, data } = tensors[rename(name)]!;
      return [name, { dtype: type as DType, shape: dims, data: data as Value['data'] }];
    }),
  );
}
