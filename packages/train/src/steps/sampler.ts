import { checkChoices, fold, type Key, LeaError, permutation, randomBits, withDefaults } from '@lea/core';

/**
 * How the rows of a batch are drawn.
 *
 * - `independent`: every batch consists of distinct rows that are drawn uniformly, independent of all other batches, as in the
 *   code of the SQN/SNQN authors. About 37 % of the rows are still unseen after one epoch's worth of batches.
 * - `permutation`: each epoch is a new random order of all rows, split into batches, so every row is seen once per epoch.
 *   Without `buckets` the epochs form one endless stream: a batch that an epoch cannot fill takes its remaining rows from the
 *   next epoch, and no row is dropped. With `buckets`, rows of similar history length share a batch and the batches come in
 *   random order; an incomplete last batch is filled with rows of the same epoch.
 *
 * Compare methods only with the same sampler: its effect can be larger than that of the method.
 */
export type SamplerOptions =
  | { readonly type: 'independent' }
  | { readonly type: 'permutation'; readonly buckets?: boolean };

/** Checks the options of a sampler. @throws LeaError `E_SAMPLER`, `E_OPTION_UNKNOWN`, `E_OPTION_VALUE` */
export function checkSampler(options: SamplerOptions): void {
  const known = { independent: { type: '' }, permutation: { type: '', buckets: false } };
  const type = typeof options === 'object' && options ? options.type : options;
  if (typeof type !== 'string' || typeof options !== 'object' || !Object.hasOwn(known, type)) {
    throw new LeaError('E_SAMPLER', 'Expected a known sampler type.', {
      value: type,
      hint: "Write sampler: { type: 'permutation' } or { type: 'independent' }.",
    });
  }
  const { buckets = false } = withDefaults<{ type: string; buckets?: boolean }>('sampler', known[type], options);
  checkChoices('sampler', { buckets }, { buckets: [true, false] });
}

/** Writes the rows of one step's batch into `out`. It is a pure function of the key and the step. */
export type Sampler = (step: number, out: Int32Array) => void;

/**
 * Creates a sampler.
 *
 * @param rows number of rows to draw from
 * @param batch rows per batch, at most `rows`
 * @param lengths history length of every row; used only with `buckets`
 * @throws LeaError as `checkSampler`
 */
export function createSampler(
  options: SamplerOptions,
  key: Key,
  { rows, batch, lengths }: { rows: number; batch: number; lengths: ArrayLike<number> },
): Sampler {
  checkSampler(options);
  if (options.type === 'independent') return independent(key, rows);
  return options.buckets ? bucketed(key, rows, batch, lengths) : endless(key, rows, batch);
}

/** Does the first draws of a Fisher-Yates shuffle and undoes them, so that the cost depends on the batch, not on all rows. */
function independent(key: Key, rows: number): Sampler {
  const order = Int32Array.from({ length: rows }, (_, i) => i);
  return (step, out) => {
    const { words } = fold(key, step);
    const swaps = new Int32Array(out.length);
    for (let i = 0; i < out.length; i++) {
      const j = i + Math.floor(((randomBits(words, i) >>> 0) / 2 ** 32) * (rows - i));
      swaps[i] = j;
      swap(order, i, j);
      out[i] = order[i]!;
    }
    for (let i = out.length - 1; i >= 0; i--) swap(order, i, swaps[i]!);
  };
}

function endless(key: Key, rows: number, batch: number): Sampler {
  const order = lastUsed((epoch) => permutation(fold(key, epoch), rows));
  return (step, out) => {
    for (let i = 0; i < out.length; i++) {
      const position = step * batch + i;
      out[i] = order(Math.floor(position / rows))[position % rows]!;
    }
  };
}

function bucketed(key: Key, rows: number, batch: number, lengths: ArrayLike<number>): Sampler {
  const batches = Math.ceil(rows / batch);
  const epochs = lastUsed((epoch) => {
    const shuffled = permutation(fold(key, epoch), rows);
    return {
      // The sort is stable, so rows of equal length stay in random order.
      sorted: shuffled.toSorted((a, b) => lengths[a]! - lengths[b]!),
      batchOrder: permutation(fold(fold(key, epoch), 'batches'), batches),
    };
  });
  return (step, out) => {
    const { sorted, batchOrder } = epochs(Math.floor(step / batches));
    const first = batchOrder[step % batches]! * batch;
    // The incomplete batch has the longest histories; the rows before it are the most similar ones to fill it with.
    const start = Math.min(first, rows - batch);
    for (let i = 0; i < out.length; i++) out[i] = sorted[start + i]!;
  };
}

/** Caches the value for the last argument: steps come in order, and many steps share an epoch. */
function lastUsed<T>(make: (epoch: number) => T): (epoch: number) => T {
  let current = -1;
  let value: T;
  return (epoch) => {
    if (epoch !== current) {
      value = make(epoch);
      current = epoch;
    }
    return value;
  };
}

function swap(values: Int32Array, i: number, j: number): void {
  const kept = values[i]!;
  values[i] = values[j]!;
  values[j] = kept;
}
