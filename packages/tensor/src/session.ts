import { availableParallelism } from 'node:os';
import { checkChoices, checkRanges, LeaError, type Resource, resource } from '@lea/core';
import type { InferenceSession, Tensor } from 'onnxruntime-common';
import type { Graph } from './onnx/model.ts';
import { writeModel } from './onnx/write.ts';
import { onnxRuntime } from './onnxruntime.ts';
import type { DType, Specs, Value, Values } from './types.ts';

/** How ONNX Runtime runs a model. */
export interface SessionOptions {
  /** Number of threads. Results are bitwise reproducible for a fixed number. Default: the number of cores, at most 2. */
  readonly threads?: number | undefined;
  /** Whether idle threads busy-wait: faster for a single job, slower when several jobs share the cores. Default: false. */
  readonly spinning?: boolean | undefined;
}

/** A model in ONNX Runtime. */
export interface Session extends Resource {
  /** @throws LeaError `E_DISPOSED` */
  run(feeds: Readonly<Record<string, Tensor>>): Promise<Readonly<Record<string, Tensor>>>;
}

/** The options with their defaults. @throws LeaError `E_OPTION_VALUE` */
export function sessionOptions(where: string, options: SessionOptions): { threads: number; spinning: boolean } {
  const { threads = Math.min(2, availableParallelism()), spinning = false } = options;
  checkRanges(where, { threads }, { threads: [1, 1024, 'whole'] });
  checkChoices(where, { spinning }, { spinning: [true, false] });
  return { threads, spinning };
}

/** Loads a model. @throws LeaError `E_COMPILE` */
export async function createSession(
  graph: Graph,
  { threads, spinning }: { readonly threads: number; readonly spinning: boolean },
): Promise<Session> {
  const session = await load(writeModel(graph), {
    intraOpNumThreads: threads,
    graphOptimizationLevel: 'all',
    logSeverityLevel: 4,
    extra: { session: { intra_op: { allow_spinning: spinning ? '1' : '0' } } },
  });
  let released = false;
  return {
    async run(feeds) {
      if (released)
        throw new LeaError('E_DISPOSED', 'The runner has been disposed.', { hint: 'Compile the program again.' });
      // Without arrays to write to: onnxruntime-node copies every output into an array of its own in any case.
      return session.run(feeds);
    },
    ...resource(async () => {
      if (released) return;
      released = true;
      await session.release();
    }),
  };
}

async function load(model: Uint8Array, options: InferenceSession.SessionOptions): Promise<InferenceSession> {
  try {
    return await onnxRuntime().InferenceSession.create(model, options);
  } catch (cause) {
    throw new LeaError('E_COMPILE', 'ONNX Runtime rejected the compiled program.', {
      value: String(cause),
      hint: 'Please report this. interpret() runs the same program eagerly.',
      cause,
    });
  }
}

/** Values as tensors of the runtime, under their names in a model. */
export function ortTensors(specs: Specs, values: Values, rename: (name: string) => string): Record<string, Tensor> {
  const { Tensor } = onnxRuntime();
  return Object.fromEntries(
    Object.keys(specs).map((name) => {
      const { dtype, data, shape } = values[name]!;
      return [rename(name), new Tensor(dtype, data as Float32Array, shape)];
    }),
  );
}

/** Whole numbers as a tensor of the runtime. */
export function ortIntegers(data: readonly number[], shape: readonly number[]): Tensor {
  return new (onnxRuntime().Tensor)('int64', BigInt64Array.from(data, BigInt), shape);
}

/** Tensors of the runtime as values. */
export function valuesOf(
  specs: Specs,
  tensors: Readonly<Record<string, Tensor>>,
  rename: (name: string) => string,
): Values {
  return Object.fromEntries(
    Object.keys(specs).map((name) => {
      const { type, dims, data } = tensors[rename(name)]!;
      return [name, { dtype: type as DType, shape: dims, data: data as Value['data'] }];
    }),
  );
}
