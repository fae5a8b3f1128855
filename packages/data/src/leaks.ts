import { type Given, LeaError, withDefaults } from '@lea/core';
import { checkSplits } from './arguments.ts';
import type { Transitions } from './sequences.ts';
import { type SetName, type Split, setNames } from './split/split.ts';

/** Options of `findLeaks`. */
export interface LeakOptions {
  /**
   * Number of consecutive items that must match. A smaller number finds more leaks, and more matches by chance.
   * Default: 5.
   */
  run: number;
}

/**
 * A sequence, and the sequence of an earlier set with which it shares its longest run. Of a run that occurs often, only the first
 * eight occurrences are compared, so another sequence may share an even longer one.
 */
export interface Leak {
  /** Set of the sequence. */
  set: SetName;
  /** Raw id of its user. */
  user: string;
  /** Set of the other sequence. */
  otherSet: SetName;
  /** Raw id of the other user. */
  otherUser: string;
  /** Number of events in the shared run. */
  length: number;
  /** Raw item ids of the run. */
  items: string[];
}

/** The result of `findLeaks`. */
export interface LeakReport {
  /** The option `run`. */
  run: number;
  /** One per validation or test sequence that shares a run with an earlier set; longest first. */
  leaks: Leak[];
  /** Per set: sequences that are long enough for a run, sequences that leak, runs, and runs that occur in an earlier set. */
  counts: Record<'validation' | 'test', { sequences: number; leaking: number; runs: number; shared: number }>;
}

/**
 * Finds sequences of different sets that share `run` or more consecutive items. A user who was split into several windows or
 * exported twice shows up like this and invalidates a test. A run consists of decisions of one set, so splitting inside
 * sequences (leave-one-out, by time) is not a leak in itself. O(events).
 *
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_RUN_SHORT`
 */
export function findLeaks(split: Split, options?: Given<LeakOptions>): LeakReport {
  checkSplits('findLeaks', { split });
  const { run } = withDefaults<LeakOptions>('findLeaks', { run: 5 }, options);
  if (!Number.isInteger(run) || run < 2) {
    throw new LeaError('E_RUN_SHORT', 'run must be a whole number of at least 2.', { value: run });
  }
  const index: RunIndex = { run, heads: new Map(), starts: [] };
  const report: LeakReport = {
    run,
    leaks: [],
    counts: { validation: nothing(), test: nothing() },
  };
  for (const set of setNames) {
    const stretches = stretchesOf(split[set], run);
    if (set !== 'train') findIn(split, set, stretches, index, report);
    for (const stretch of stretches) addRuns(split[set], set, stretch, index);
  }
  report.leaks.sort((a, b) => b.length - a.length);
  return report;
}

/** Consecutive events of one sequence and set: [from, to). */
interface Stretch {
  sequence: number;
  from: number;
  to: number;
}

interface RunIndex {
  run: number;
  /** Hash of a run -> positions in `starts`; the items are compared to rule out collisions. */
  heads: Map<number, number[]>;
  starts: { set: SetName; stretch: Stretch; at: number }[];
}

function findIn(split: Split, set: SetName, stretches: Stretch[], index: RunIndex, report: LeakReport): void {
  const counts = report.counts[set as 'validation' | 'test'];
  const { items, itemIds, userIds } = split[set].sequences;
  const perSequence = new Map<number, Leak | undefined>();
  for (const stretch of stretches) {
    let best = perSequence.get(stretch.sequence);
    for (let at = stretch.from; at + index.run <= stretch.to; at++) {
      counts.runs++;
      const match = lookUp(items, at, stretch.to, index, split);
      if (!match) continue;
      counts.shared++;
      if (best && best.length >= match.length) continue;
      best = {
        set,
        user: userIds[stretch.sequence]!,
        otherSet: match.set,
        otherUser: userIds[match.sequence]!,
        length: match.length,
        items: Array.from(items.subarray(at, at + match.length), (item) => itemIds[item]!),
      };
    }
    perSequence.set(stretch.sequence, best);
  }
  const leaks = [...perSequence.values()].filter((leak) => leak !== undefined);
  counts.sequences = perSequence.size;
  counts.leaking = leaks.length;
  report.leaks.push(...leaks);
}

function lookUp(items: Int32Array, at: number, to: number, index: RunIndex, split: Split) {
  let best: { set: SetName; sequence: number; length: number } | undefined;
  for (const start of index.heads.get(hashOf(items, at, index.run)) ?? []) {
    const other = index.starts[start]!;
    const theirs = split[other.set].sequences.items;
    let length = 0;
    while (at + length < to && other.at + length < other.stretch.to && items[at + length] === theirs[other.at + length])
      length++;
    if (length >= index.run && length > (best?.length ?? 0))
      best = { set: other.set, sequence: other.stretch.sequence, length };
  }
  return best;
}

function addRuns({ sequences: { items } }: Transitions, set: SetName, stretch: Stretch, index: RunIndex): void {
  for (let at = stretch.from; at + index.run <= stretch.to; at++) {
    const hash = hashOf(items, at, index.run);
    const chain = index.heads.get(hash) ?? [];
    // A few occurrences of a run are enough to find the leak; keeping all would be quadratic on repetitive data.
    if (chain.length >= 8) continue;
    chain.push(index.starts.push({ set, stretch, at }) - 1);
    index.heads.set(hash, chain);
  }
}

function stretchesOf(set: Transitions, run: number): Stretch[] {
  const found: Stretch[] = [];
  for (let row = 0; row < set.count; ) {
    const first = row++;
    while (row < set.count && set.sequence[row] === set.sequence[first] && set.event[row] === set.event[row - 1]! + 1)
      row++;
    if (row - first < run) continue;
    found.push({ sequence: set.sequence[first]!, from: set.event[first]!, to: set.event[row - 1]! + 1 });
  }
  return found;
}

function hashOf(items: Int32Array, at: number, run: number): number {
  let a = 0x811c9dc5;
  let b = run;
  for (let i = at; i < at + run; i++) {
    a = Math.imul(a ^ items[i]!, 0x01000193);
    b = Math.imul(b + items[i]!, 0x85ebca6b) ^ (b >>> 13);
  }
  return (a >>> 0) * 2 ** 20 + (b >>> 12);
}

function nothing() {
  return { sequences: 0, leaking: 0, runs: 0, shared: 0 };
}
