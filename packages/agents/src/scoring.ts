import { checkRanges, LeaError } from '@lea/core';
import { checkWindows, ranksBy, type Windows } from '@lea/data';
import { type Program, type ProgramSpecs, prepare, type Runner, type Specs, specsOf, type Values } from '@lea/tensor';
import { type Part, type Question, ranksAsked, scoresAsked } from './ranking.ts';
import { historiesPerRun, type ScoreRuns } from './runs.ts';
import type { Shape } from './types.ts';

/** How a policy computes scores. */
export interface ScoringOptions {
  /**
   * Number of histories per run of the program; the last run is padded. More need more memory and are hardly faster. Calls with
   * one history or at most 16 histories use smaller programs. Default: 256, or fewer for large catalogs (at most 2^24 scores,
   * 64 MiB, per run).
   */
  batch?: number | undefined;
  /**
   * Number of threads of the compiled program. More: faster large calls, fewer cores for other work. Default: all
   * cores, at most 2.
   */
  threads?: number | undefined;
  /** Name of a tfjs backend (`cpu`, `wasm`, ...) to interpret the program on. Default: compiled with ONNX Runtime. */
  backend?: string | undefined;
}

/** Scores windows, see `scoring`. */
export interface Scoring {
  /** Histories per run of a large call. */
  readonly batch: number;
  /** Scores [size, items], flat. @throws LeaError `E_DISPOSED`, `E_WINDOWS`, `E_ITEM_RANGE` */
  score(windows: Windows): Promise<Float32Array>;
  /** Ranks of one item per history, see `Scorer`. @throws LeaError `E_DISPOSED`, `E_WINDOWS`, `E_ITEM_RANGE` */
  ranks(windows: Windows, targets: Int32Array, excluded?: readonly ArrayLike<number>[]): Promise<Int32Array>;
  /** Passes the scores of each run to `visit`, so that only one run's scores are in memory. */
  readonly runs: ScoreRuns;
  /** Waits for pending calls, and refuses later ones. */
  dispose(): Promise<void>;
}

/** Batch sizes of the programs for small calls, which padding to a full batch would slow down. */
const SMALL = [1, 16];

/** The program that scores histories, and its frozen tensors. Both may change between two calls. */
export interface ScoringSource {
  /** A key that changes if programs must be compiled again; undefined if they never change. */
  form?(): string;
  /** A program with inputs `items` int32 [batch, L] and `length` int32 [batch], and output `scores` float32 [batch, N]. */
  program(): Program;
  frozen(): Values;
}

/** The specs of a program that scores `batch` histories. */
export function scoringSpecs(window: number, batch: number, frozen: Values): ProgramSpecs {
  const inputs = {
    items: { dtype: 'int32', shape: [batch, window] },
    length: { dtype: 'int32', shape: [batch] },
  } as const;
  return { inputs, frozen: specsOf(frozen) };
}

/**
 * Scores all items for histories with programs of fixed batch sizes, which are compiled at their first use. Windows may be
 * wider or narrower than the agent's; the newest events that fit are used. Empty histories (length 0) are scored as well.
 *
 * @throws LeaError `E_OPTION_VALUE`
 */
export function scoring(shape: Shape, source: ScoringSource, options: ScoringOptions): Scoring {
  const { batch = historiesPerRun(shape.items), threads, backend } = options;
  const counted = [1, Infinity, 'whole'] as const;
  checkRanges('policy', { batch, threads: threads ?? 1 }, { batch: counted, threads: counted });
  /** By batch size and further inputs. */
  const runners = new Map<string, Promise<Runner>>();
  let form = source.form?.();
  const calls = new Set<Promise<void>>();
  /** Pending releases of outdated programs. */
  let released: Promise<unknown> = Promise.resolve();
  let disposal: Promise<void> | undefined;

  const ready = (question: Question, rows: number): Promise<Runner> => {
    const now = source.form?.();
    if (now !== form) {
      form = now;
      released = Promise.all([released, release()]);
    }
    const more = question.specs(rows);
    const name = [rows, ...Object.keys(more)].join();
    const known = runners.get(name);
    if (known) return known;
    const made = make(question, more, rows);
    runners.set(name, made);
    // Try again at the next call after a failure.
    made.catch(() => runners.get(name) === made && runners.delete(name));
    return made;
  };
  const make = async ({ program }: Question, more: Specs, rows: number): Promise<Runner> => {
    const { inputs, frozen } = scoringSpecs(shape.window, rows, source.frozen());
    const specs = { inputs: { ...inputs, ...more }, frozen: frozen! };
    return prepare(program(source.program()), specs, { backend, threads, mode: 'direct' });
  };
  /** Disposes programs after the calls that may use them have finished. */
  const release = async () => {
    const old = [...runners.values()];
    runners.clear();
    await Promise.allSettled(calls);
    for (const made of await Promise.allSettled(old)) if (made.status === 'fulfilled') await made.value.dispose();
  };
  const runAll = async (windows: Windows, question: Question, visit: Visit) => {
    const rows = SMALL.find((small) => windows.size <= small && small < batch) ?? batch;
    // Read both at the same time: the frozen tensors must match the program.
    const [made, frozen] = [ready(question, rows), source.frozen()];
    const runner = await made;
    for (let from = 0; from < windows.size; from += rows) {
      const part = { from, size: Math.min(rows, windows.size - from), rows };
      const { outputs } = await runner.run({
        inputs: { ...feed(windows, part, shape), ...question.inputs(part) },
        frozen,
      });
      visit(outputs, part);
    }
  };
  const ask = async (windows: Windows, question: Question, visit: Visit) => {
    if (disposal) throw new LeaError('E_DISPOSED', 'The policy has been disposed.', { hint: 'Load it again.' });
    const call = runAll(windows, question, visit);
    calls.add(call);
    try {
      await call;
    } finally {
      calls.delete(call);
    }
  };
  const runs: ScoreRuns = (windows, visit) =>
    ask(windows, scoresAsked, ({ scores }, { from, size }) =>
      visit((scores!.data as Float32Array).subarray(0, size * shape.items), from),
    );
  const score = async (windows: Windows) => {
    checkWindows(windows, shape.items);
    const scores = new Float32Array(windows.size * shape.items);
    await runs(windows, (some, from) => scores.set(some, from * shape.items));
    return scores;
  };

  return {
    batch,
    runs,
    score,
    ranks: ranksBy({ score, items: shape.items }, async (windows, targets, excluded) => {
      const ranks = new Int32Array(windows.size);
      const question = ranksAsked(targets, excluded, shape.items);
      await ask(windows, question, (outputs, { from, size }) => ranks.set(outputs.ranks!.data.subarray(0, size), from));
      return ranks;
    }),
    dispose() {
      disposal ??= Promise.all([released, release()]).then(() => {});
      return disposal;
    },
  };
}

/** Called with the outputs of each run. */
type Visit = (outputs: Values, part: Part) => void;

function feed(windows: Windows, { from, size, rows: batch }: Part, { items: padId, window }: Shape): Values {
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
