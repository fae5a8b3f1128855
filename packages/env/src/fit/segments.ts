import { checkRanges, fold, type Key, permutation, randomBits, weightedDraw } from '@lea/core';
import type { Transitions } from '@lea/data';
import { float32, int32, type Values } from '@lea/tensor';

/**
 * A stretch of one user's events that the environment reads in one go: a start token and the events `from`..`to - 2`
 * go in, the events `from`..`to - 1` are predicted; those before `first` are context only.
 */
export interface Segment {
  readonly sequence: number;
  readonly from: number;
  readonly first: number;
  readonly to: number;
}

/**
 * Cuts the histories of some sequences so that every row of the set is predicted once and none after its own time is
 * read. A long history is cut into overlapping stretches: each has at least `window / 4` events of context where there are so many.
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
    // The last event is predicted from a whole window of context, hence at most window + 1 slots.
    if (keep(sequence)) segments.push({ sequence, from: Math.max(begin, to - 1 - window), first, to });
  }
  return segments;
}

/** The sequences with rows in the set, and a seeded fraction of them (at least one). @throws LeaError `E_OPTION_VALUE` */
export function subsetOfSequences(set: Transitions, fraction: number, k: Key): Set<number> {
  checkRanges('subsetOfSequences', { fraction }, { fraction: [0, 1] });
  const all = [...new Set(set.sequence)];
  const order = permutation(fold(k, 'users'), all.length);
  return new Set(Array.from(order.subarray(0, Math.max(1, Math.ceil(fraction * all.length))), (i) => all[i]!));
}

/** How often each item is predicted in the rows of some sequences, [items]. */
export function predictedCounts(set: Transitions, kept: ReadonlySet<number>): Int32Array {
  const counts = new Int32Array(set.sequences.itemIds.length);
  for (let row = 0; row < set.count; row++) {
    if (kept.has(set.sequence[row]!)) counts[set.sequences.items[set.event[row]!]!]!++;
  }
  return counts;
}

/**
 * For every predicted event items that the user has not met in this set: one draw per (epoch, user, position, number).
 *
 * @param weights how often each item is drawn, relative to the others; without them all are drawn alike
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
    // A user who has met everything gets an item met before: there is no other.
    for (let attempt = 0; attempt < 64; attempt++) {
      item = pick((randomBits(words, position * 64 + attempt) >>> 0) / 2 ** 32);
      if (!seen.has(item)) break;
    }
    return item;
  };
}

export interface BatchShape {
  readonly rows: number;
  readonly positions: number;
  /** Un-interacted items per position (default 1). */
  readonly negatives?: number;
  /** Slots that each segment begins with, before its first item (default 1: the start token): the ids from `items` on. */
  readonly prefix?: number;
}

/**
 * Packs segments into batches of `rows` rows of `slots` slots, in the given order; several short histories share a row,
 * kept apart by their segment numbers.
 *
 * @returns per batch `items`, `segment`, `target` int32 and `weight` float32, each [rows, slots]; `negative` int32
 *   [rows, negatives * slots], the first of every position before the second of any
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
    const slot = filled[row]! + prefix - 1;
    const at = row * positions + slot;
    filled[row]! += size;
    for (let p = 0; p < to - from; p++) {
      const event = from + p;
      if (p > 0) batch.items[at + p] = items[event - 1]!;
      batch.target[at + p] = items[event]!;
      if (event < first || !isRow[event]) continue;
      batch.weight[at + p] = 1;
      for (let n = 0; n < negatives; n++) {
        batch.negative[(row * negatives + n) * positions + slot + p] = negative(sequence, event, n);
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
