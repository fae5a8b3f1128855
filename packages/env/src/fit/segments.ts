import { checkRanges, fold, type Key, permutation, randomBits, weightedDraw } from '@lea/core';
import type { Transitions } from '@lea/data';
import { checkTransitions } from '@lea/data';
import { float32, int32, type Values } from '@lea/tensor';

/**
 * A range of one user's events that is read in one pass: the inputs are a start token and the events `from`..`to - 2`, the
 * targets are the events `from`..`to - 1`. Targets before `first` are context only.
 */
export interface Segment {
  /** Index of the sequence. */
  readonly sequence: number;
  /** First event. */
  readonly from: number;
  /** First event whose prediction counts. */
  readonly first: number;
  /** Event after the last one. */
  readonly to: number;
}

/**
 * Splits sequences into segments so that every row of the set is predicted exactly once, without later events as inputs. The
 * segments of a long history overlap: each has at least `window / 4` events of context, if they exist.
 */
export function segmentsOf(set: Transitions, window: number, keep: (sequence: number) => boolean): Segment[] {
  const segments: Segment[] = [];
  const { offsets } = set.sequences;
  for (let row = 0; row < set.count; ) {
    const sequence = set.sequence[row]!;
    const first = set.event[row]!;
    const begin = offsets[sequence]!;
    const last = Math.max(begin, first - Math.floor(window / 4)) + window;
    let to = first + 1;
    while (row < set.count && set.sequence[row] === sequence && set.event[row]! <= last) to = set.event[row++]! + 1;
    // The last event is predicted from a full window of context, hence at most window + 1 positions.
    if (keep(sequence)) segments.push({ sequence, from: Math.max(begin, to - 1 - window), first, to });
  }
  return segments;
}

/** Samples a fraction (at least one) of the sequences that have rows in the set. @throws LeaError `E_OPTION_VALUE` */
export function subsetOfSequences(set: Transitions, fraction: number, k: Key): Set<number> {
  checkTransitions('subsetOfSequences', { set });
  checkRanges('subsetOfSequences', { fraction }, { fraction: [0, 1] });
  const all = [...new Set(set.sequence)];
  const order = permutation(fold(k, 'users'), all.length);
  return new Set(Array.from(order.subarray(0, Math.max(1, Math.ceil(fraction * all.length))), (i) => all[i]!));
}

/** Number of rows of the kept sequences whose target is the item, [items]. */
export function predictedCounts(set: Transitions, kept: ReadonlySet<number>): Int32Array {
  const counts = new Int32Array(set.sequences.itemIds.length);
  for (let row = 0; row < set.count; row++) {
    if (kept.has(set.sequence[row]!)) counts[set.sequences.items[set.event[row]!]!]!++;
  }
  return counts;
}

/**
 * Creates a sampler of negatives, items that the user has not interacted with in this set. Draws are determined by epoch,
 * sequence, event and draw number.
 *
 * @param weights relative sampling weights of the items (default: uniform)
 */
export function negativeSampler(set: Transitions, segments: readonly Segment[], k: Key, weights?: ArrayLike<number>) {
  const { items, offsets } = set.sequences;
  const high = set.sequences.itemIds.length;
  const pick = weights ? weightedDraw(weights) : (u: number): number => Math.floor(u * high);
  const met = new Map<number, Set<number>>();
  for (const { sequence, from, to } of segments) {
    const some = met.get(sequence) ?? new Set();
    met.set(sequence, some);
    for (let e = from; e < to; e++) some.add(items[e]!);
  }
  return (epoch: number, sequence: number, event: number, draw = 0): number => {
    const own = fold(fold(k, epoch), sequence);
    const { words } = draw === 0 ? own : fold(own, `draw ${draw}`);
    const position = event - offsets[sequence]!;
    const seen = met.get(sequence)!;
    let item = 0;
    // A user who has interacted with all items gets one of them.
    for (let attempt = 0; attempt < 64; attempt++) {
      item = pick((randomBits(words, position * 64 + attempt) >>> 0) / 2 ** 32);
      if (!seen.has(item)) break;
    }
    return item;
  };
}

/** Shape of the batches of {@link packSegments}. */
export interface BatchShape {
  /** Rows per batch. */
  readonly rows: number;
  /** Positions per row. */
  readonly positions: number;
  /** Negatives per position (default 1). */
  readonly negatives?: number;
  /** Length of the prefix before the first item of each segment (default 1: the start token), with ids from `items` on. */
  readonly prefix?: number;
}

/**
 * Packs segments into batches of `rows` rows with `positions` positions, in the given order. Several short segments share a
 * row and are separated by their segment numbers.
 *
 * @returns per batch `items`, `segment`, `target` int32 and `weight` float32, each [rows, positions]; `negative` int32
 *   [rows, negatives * positions], first negatives of all positions, then second negatives, ...
 */
export function packSegments(
  set: Transitions,
  segments: readonly Segment[],
  shape: BatchShape,
  negative: (sequence: number, event: number, draw: number) => number,
): Values[] {
  const { rows, positions, negatives = 1, prefix = 1 } = shape;
  const { items } = set.sequences;
  const start = set.sequences.itemIds.length;
  const isRow = new Uint8Array(items.length);
  for (const event of set.event) isRow[event] = 1;
  const batches: Values[] = [];
  let filled = new Int32Array(rows).fill(positions);
  let batch = emptyBatch(shape, start);
  segments.forEach((segment, number) => {
    const { sequence, from, first, to } = segment;
    const size = prefix - 1 + to - from;
    let row = filled.findIndex((used) => used + size <= positions);
    if (row < 0) {
      batch = emptyBatch(shape, start);
      batches.push(asValues(batch, shape));
      filled = new Int32Array(rows);
      row = 0;
    }
    const begin = row * positions + filled[row]!;
    batch.segment.fill(number, begin, begin + size);
    for (let p = 1; p < prefix; p++) batch.items[begin + p] = start + p;
    const last = filled[row]! + prefix - 1;
    const at = row * positions + last;
    filled[row]! += size;
    for (let p = 0; p < to - from; p++) {
      const event = from + p;
      if (p > 0) batch.items[at + p] = items[event - 1]!;
      batch.target[at + p] = items[event]!;
      if (event < first || !isRow[event]) continue;
      batch.weight[at + p] = 1;
      for (let n = 0; n < negatives; n++) {
        batch.negative[(row * negatives + n) * positions + last + p] = negative(sequence, event, n);
      }
    }
  });
  return batches;
}

function emptyBatch({ rows, positions, negatives = 1 }: BatchShape, start: number) {
  const size = rows * positions;
  return {
    items: new Int32Array(size).fill(start),
    segment: new Int32Array(size).fill(-1),
    target: new Int32Array(size),
    negative: new Int32Array(negatives * size),
    weight: new Float32Array(size),
  };
}

function asValues(batch: ReturnType<typeof emptyBatch>, { rows, positions, negatives = 1 }: BatchShape): Values {
  const { items, segment, target, negative, weight } = batch;
  return {
    items: int32(items, [rows, positions]),
    segment: int32(segment, [rows, positions]),
    target: int32(target, [rows, positions]),
    negative: int32(negative, [rows, negatives * positions]),
    weight: float32(weight, [rows, positions]),
  };
}
