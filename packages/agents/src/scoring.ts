import { LeaError } from '@lea/core';
import type { Windows } from '@lea/data';
import { compile, interpret, type Program, pick, prefixed, type Runner, specsOf, type Values } from '@lea/tensor';
import type { Agent, Shape } from './types.ts';

export interface ScoringOptions {
  /** Histories per run of the program; the last run is padded. Default 256. */
  batch?: number;
  /** Threads of the compiled program. Default: all cores, at most 2. */
  threads?: number;
  /** Run eagerly on this tfjs backend (`cpu`, `wasm`, ...) instead of compiled. */
  backend?: string;
}

/** Scores windows; see `scoring`. */
export interface Scoring {
  score(windows: Windows): Promise<Float32Array>;
  dispose(): Promise<void>;
}

/**
 * The scores of all items for histories, as a program of fixed batch size that is made at the first use. Windows may be
 * wider or narrower than the agent's: the newest events that fit are read. An empty history (length 0) is scored too.
 *
 * @param text float32 [N, textSize] when the encoder reads text
 */
export function scoring(agent: Agent, params: Values, shape: Shape, text: Values, options: ScoringOptions): Scoring {
  const { batch = 256, threads, backend } = options;
  const frozen: Values = { ...prefixed('params/', params), ...prefixed('frozen/', text) };
  const program: Program = ({ inputs, frozen: tensors }) => {
    const histories = { items: inputs.items!, length: inputs.length! };
    return {
      state: {},
      outputs: { scores: agent.score(pick('params/', tensors), histories, pick('frozen/', tensors)) },
    };
  };
  const specs = {
    inputs: {
      items: { dtype: 'int32', shape: [batch, shape.window] },
      length: { dtype: 'int32', shape: [batch] },
    },
    frozen: specsOf(frozen),
  } as const;
  let runner: Promise<Runner> | undefined;
  let disposed = false;

  const start = () => {
    if (disposed) throw new LeaError('E_DISPOSED', 'The policy was disposed of.', { hint: 'Load it again.' });
    runner ??= backend
      ? interpret(program, specs, { backend, mode: 'direct' })
      : compile(program, specs, { mode: 'direct', ...(threads && { threads }) });
    return runner;
  };

  return {
    async score(windows) {
      const ready = await start();
      const scores = new Float32Array(windows.size * shape.items);
      for (let from = 0; from < windows.size; from += batch) {
        const size = Math.min(batch, windows.size - from);
        const inputs = feed(windows, from, size, batch, shape);
        const { outputs } = await ready.run({ inputs, frozen });
        scores.set((outputs.scores!.data as Float32Array).subarray(0, size * shape.items), from * shape.items);
      }
      return scores;
    },
    async dispose() {
      disposed = true;
      await (await runner)?.dispose();
      runner = undefined;
    },
  };
}

function feed(windows: Windows, from: number, size: number, batch: number, { items: padId, window }: Shape): Values {
  const items = new Int32Array(batch * window).fill(padId);
  const length = new Int32Array(batch).fill(1);
  for (let r = 0; r < size; r++) {
    const used = windows.length[from + r]!;
    const kept = Math.min(used, window);
    const end = (from + r) * windows.window + used;
    items.set(windows.items.subarray(end - kept, end), r * window);
    length[r] = Math.max(kept, 1);
  }
  return {
    items: { dtype: 'int32', shape: [batch, window], data: items },
    length: { dtype: 'int32', shape: [batch], data: length },
  };
}
