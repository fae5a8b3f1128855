import { checkRanges, LeaError } from '@lea/core';
import { checkWindows, type Windows } from '@lea/data';
import { compile, interpret, type Program, type ProgramSpecs, type Runner, specsOf, type Values } from '@lea/tensor';
import type { Shape } from './types.ts';

export interface ScoringOptions {
  /**
   * Histories per run of the program; the last run is padded. Default 256, fewer for large catalogues: at most 2^24 scores
   * (64 MiB) per run. More takes more memory and is hardly faster. Calls with at most 16 histories, or with one, run
   * programs of that size.
   */
  batch?: number;
  /** Threads of the compiled program. Default: all cores, at most 2. More answer large calls sooner and disturb others. */
  threads?: number;
  /** Run eagerly on this tfjs backend (`cpu`, `wasm`, ...) instead of compiled. */
  backend?: string;
}

/** What `evaluate` of @lea/eval takes. */
export interface PolicyScorer {
  readonly name: string;
  readonly items: number;
  readonly itemIds?: readonly string[];
  readonly window: number;
  score(histories: Windows): Promise<Float32Array>;
}

/** Scores windows; see `scoring`. */
export interface Scoring {
  /** Histories per run of a large call. */
  readonly batch: number;
  /** Scores [size * items], row by row. @throws LeaError `E_DISPOSED`, `E_WINDOWS`, `E_ITEM_RANGE` */
  score(windows: Windows): Promise<Float32Array>;
  /**
   * Run by run, so that the scores of one are gone before the next.
   *
   * @param visit gets the scores of the histories from `from` on
   */
  runs(windows: Windows, visit: (scores: Float32Array, from: number) => void): Promise<void>;
  /** Calls that have begun are finished first, later ones refused. */
  dispose(): Promise<void>;
}

/** The most scores that a run makes by default. */
const SCORES_PER_RUN = 2 ** 24;

/** Rows of the programs for small calls, which a whole batch of padding would slow down. */
const SMALL = [1, 16];

/** What is scored: a program for histories and what it is fed with. Both may change between two calls. */
export interface ScoringSource {
  /** Changes when programs must be made again; undefined for what never changes. */
  form?(): string;
  /** Gives `scores` float32 [batch, N] of `items` int32 [batch, L] and `length` int32 [batch]. */
  program(): Program;
  frozen(): Values;
}

/** What a program that scores `batch` histories takes. */
export function scoringSpecs(window: number, batch: number, frozen: Values): ProgramSpecs {
  const inputs = {
    items: { dtype: 'int32', shape: [batch, window] },
    length: { dtype: 'int32', shape: [batch] },
  } as const;
  return { inputs, frozen: specsOf(frozen) };
}

/**
 * The scores of all items for histories, as programs of fixed batch sizes that are made at the first use. Windows may be
 * wider or narrower than the agent's: the newest events that fit are read. An empty history (length 0) is scored too.
 *
 * @throws LeaError `E_OPTION_VALUE`
 */
export function scoring(shape: Shape, source: ScoringSource, options: ScoringOptions): Scoring {
  const { batch = Math.min(256, Math.max(1, Math.floor(SCORES_PER_RUN / shape.items))), threads, backend } = options;
  const counted = [1, Infinity, 'whole'] as const;
  checkRanges('policy', { batch, threads: threads ?? 1 }, { batch: counted, threads: counted });
  const runners = new Map<number, Promise<Runner>>();
  let form = source.form?.();
  const calls = new Set<Promise<void>>();
  /** Programs of older forms. */
  let released: Promise<unknown> = Promise.resolve();
  let disposal: Promise<void> | undefined;

  const ready = (rows: number): Promise<Runner> => {
    const now = source.form?.();
    if (now !== form) {
      form = now;
      released = Promise.all([released, release()]);
    }
    const known = runners.get(rows);
    if (known) return known;
    const made = make(rows);
    runners.set(rows, made);
    // What could not be made is tried again at the next call.
    made.catch(() => runners.get(rows) === made && runners.delete(rows));
    return made;
  };
  const make = async (rows: number): Promise<Runner> => {
    const [program, specs] = [source.program(), scoringSpecs(shape.window, rows, source.frozen())];
    return backend
      ? await interpret(program, specs, { backend, mode: 'direct' })
      : await compile(program, specs, { mode: 'direct', ...(threads && { threads }) });
  };
  /** Gives programs back once the calls that may use them are finished. */
  const release = async () => {
    const old = [...runners.values()];
    runners.clear();
    await Promise.allSettled(calls);
    for (const made of await Promise.allSettled(old)) if (made.status === 'fulfilled') await made.value.dispose();
  };
  const runAll: Scoring['runs'] = async (windows, visit) => {
    const rows = SMALL.find((small) => windows.size <= small && small < batch) ?? batch;
    // Taken together: what is fed must have the form that the program was made for.
    const [made, frozen] = [ready(rows), source.frozen()];
    const runner = await made;
    for (let from = 0; from < windows.size; from += rows) {
      const size = Math.min(rows, windows.size - from);
      const { outputs } = await runner.run({ inputs: feed(windows, from, size, rows, shape), frozen });
      visit((outputs.scores!.data as Float32Array).subarray(0, size * shape.items), from);
    }
  };
  const runs: Scoring['runs'] = async (windows, visit) => {
    if (disposal) throw new LeaError('E_DISPOSED', 'The policy was disposed of.', { hint: 'Load it again.' });
    const call = runAll(windows, visit);
    calls.add(call);
    try {
      await call;
    } finally {
      calls.delete(call);
    }
  };

  return {
    batch,
    runs,
    async score(windows) {
      checkWindows(windows, shape.items);
      const scores = new Float32Array(windows.size * shape.items);
      await runs(windows, (some, from) => scores.set(some, from * shape.items));
      return scores;
    },
    dispose() {
      disposal ??= Promise.all([released, release()]).then(() => {});
      return disposal;
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
