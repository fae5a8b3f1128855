import { checkChoices, fold, type Key, LeaError, permutation, randomBits, withDefaults } from '@lea/core';
import type { Transitions } from '@lea/data';
import { type SequenceRows, sequenceRows } from './sequence-rows.ts';

/**
 * How the rows of a batch are drawn.
 *
 * - `independent`: every batch consists of distinct rows that are drawn uniformly, independent of all other batches, as in the
 *   code of the SQN/SNQN authors. About 37 % of the rows are still unseen after one epoch's worth of batches.
 * - `permutation`: each epoch is a new random order of all rows, split into batches, so every row is seen once per epoch.
 *   Without `buckets` the epochs form one endless stream: a batch that an epoch cannot fill takes its remaining rows from the
 *   next epoch, and no row is dropped.
 * - `sequences`: each epoch is a random order of the newest row of every user, whose window holds the user's history, and of
 *   one more row per `window` older events. Each event that has a history is learned once per epoch, where the other samplers
 *   learn it up to `window` times, so an epoch is several times cheaper. It needs a loss at every position: `ce` and an encoder
 *   with `everyPosition`. Rows weigh as much as the events that they predict (`rowWeight`), so these events count alike. Users'
 *   first events teach only what is popular, and each would be a row of its own, so they take turns: an eighth of them per
 *   epoch, and each counts an eighth of another event.
 *
 * With `buckets`, rows of similar history length share a batch, whose windows are cut to its longest history; the batches come in
 * random order, and an incomplete last one is filled with rows of the same epoch. Steps are several times faster where most
 * histories are much shorter than the window.
 *
 * Compare methods only with the same sampler: its effect can be larger than that of the method.
 */
export type SamplerOptions =
  | { readonly type: 'independent' }
  | { readonly type: 'permutation'; readonly buckets?: boolean }
  | { readonly type: 'sequences'; readonly buckets?: boolean };

/** Checks the options of a sampler. @throws LeaError `E_SAMPLER`, `E_OPTION_UNKNOWN`, `E_OPTION_VALUE` */
export function checkSampler(options: SamplerOptions): void {
  const known = {
    independent: { type: '' },
    permutation: { type: '', buckets: false },
    sequences: { type: '', buckets: false },
  };
  const type = typeof options === 'object' && options ? options.type : options;
  if (typeof type !== 'string' || typeof options !== 'object' || !Object.hasOwn(known, type)) {
    throw new LeaError('E_SAMPLER', 'Expected a known sampler type.', {
      value: type,
      hint: "Write sampler: { type: 'permutation' }, { type: 'independent' } or { type: 'sequences' }.",
    });
  }
  const { buckets = false } = withDefaults<{ type: string; buckets?: boolean }>('sampler', known[type], options);
  checkChoices('sampler', { buckets }, { buckets: [true, false] });
}

/** Writes the rows of one step's batch into `out`. It is a pure function of the key and the step. */
export type Sampler = (step: number, out: Int32Array) => void;

/**
 * Creates a sampler of the rows of a set.
 *
 * @param batch rows per batch, at most all
 * @param window number of events that a row reads of its history
 * @throws LeaError as `checkSampler`
 */
export function createSampler(
  options: SamplerOptions,
  key: Key,
  { train, batch, window }: { train: Transitions; batch: number; window: number },
): Sampler {
  checkSampler(options);
  if (options.type === 'independent') return independentRows(key, train.count);
  const { rows, at } =
    options.type === 'sequences' ? sequenceEpochs(sequenceRows(train, window)) : allRows(train.count);
  return options.buckets
    ? bucketed(key, { rows, at, lengthOf: lengthsOf(train, window) }, batch)
    : stream(rows, batch, (epoch) => permutation(fold(key, epoch), rows).map((i) => at(epoch, i)));
}

/** Number of rows of an epoch; as many as the set has for the sampler that has no epochs. */
export function rowsPerEpoch({ type }: SamplerOptions, train: Transitions, window: number): number {
  return type === 'sequences' ? sequenceEpochs(sequenceRows(train, window)).rows : train.count;
}

/** The mean number of events that the rows of an epoch of sequences predict. */
export function eventsPerRow(train: Transitions, window: number): number {
  const { rows, at } = sequenceEpochs(sequenceRows(train, window));
  const lengthOf = lengthsOf(train, window);
  let events = 0;
  for (let i = 0; i < rows; i++) events += Math.max(1, lengthOf(at(0, i)));
  return events / rows;
}

/** History length of a row, at most `window`. */
function lengthsOf({ event, sequence, sequences }: Transitions, window: number): (row: number) => number {
  return (row) => Math.min(window, event[row]! - sequences.offsets[sequence[row]!]!);
}

/** The rows that epochs consist of. */
interface Epochs {
  /** Number of rows of an epoch. */
  readonly rows: number;
  /** Row `i` of an epoch, before it is shuffled. */
  at(epoch: number, i: number): number;
}

function allRows(rows: number): Epochs {
  return { rows, at: (_, i) => i };
}

/**
 * Draws distinct rows for every step. It does the first draws of a Fisher-Yates shuffle and undoes them, so that the cost depends
 * on the batch, not on all rows.
 */
export function independentRows(key: Key, rows: number): Sampler {
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

/** Joins the epochs, which have `rows` rows each, and cuts the stream into batches. */
function stream(rows: number, batch: number, epochOf: (epoch: number) => Int32Array): Sampler {
  const order = lastUsed(epochOf);
  return (step, out) => {
    for (let i = 0; i < out.length; i++) {
      const position = step * batch + i;
      out[i] = order(Math.floor(position / rows))[position % rows]!;
    }
  };
}

/** Share of the users' first events in an epoch of sequences. */
const FIRST_EVENTS = 1 / 8;

function sequenceEpochs({ newest, first }: SequenceRows): Epochs {
  const turn = Math.ceil(first.length * FIRST_EVENTS);
  return {
    rows: newest.length + turn,
    at: (epoch, i) => (i < newest.length ? newest[i]! : first[(epoch * turn + i - newest.length) % first.length]!),
  };
}

function bucketed(
  key: Key,
  { rows, at, lengthOf }: Epochs & { lengthOf(row: number): number },
  batch: number,
): Sampler {
  const batches = Math.ceil(rows / batch);
  const epochs = lastUsed((epoch) => {
    const shuffled = permutation(fold(key, epoch), rows).map((i) => at(epoch, i));
    return {
      // The sort is stable, so rows of equal length stay in random order.
      sorted: shuffled.toSorted((a, b) => lengthOf(a) - lengthOf(b)),
      batchOrder: permutation(fold(fold(key, epoch), 'batches'), batches),
    };
  });
  return (step, out) => {
    const { sorted, batchOrder } = epochs(Math.floor(step / batches));
    const first = batchOrder[step % batches]! * batch;
    // The incomplete batch has the longest histories; the rows before it are the most similar ones to fill it with.
    const start = Math.max(0, Math.min(first, rows - batch));
    for (let i = 0; i < out.length; i++) out[i] = sorted[(start + i) % rows]!;
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
