import { fold, integers, key, permutation, uniform } from '@lea/core';
import { float32, int32, type Values } from '@lea/tensor';
import type { Shape } from '../types.ts';

/** A decision: the history, and the chosen item. */
export interface Decision {
  readonly history: readonly number[];
  readonly action: number;
  readonly reward?: number;
  readonly done?: boolean;
}

/** All kinds of histories (empty, short, longer than the window), rewards of both signs, and an end of a sequence. */
export const decisions: readonly Decision[] = [
  { history: [], action: 2, reward: 0.2 },
  { history: [1, 2, 3], action: 4, reward: 1 },
  { history: [5, 6, 0, 1, 2, 7, 8], action: 3, reward: -0.5, done: true },
  { history: [3], action: 1, reward: 0 },
  { history: [7, 7], action: 7, reward: 1 },
  { history: [0, 4, 2, 6], action: 5, reward: 0.2 },
];

/** Right-padded histories int32 [B, L] with the newest events that fit, and their lengths [B]. */
export function historyValues(histories: readonly (readonly number[])[], { items, window }: Shape): Values {
  const padded = (history: readonly number[]) => {
    const kept = history.slice(-window);
    return [...kept, ...Array<number>(window - kept.length).fill(items)];
  };
  return {
    items: int32(histories.flatMap(padded), [histories.length, window]),
    length: int32(histories.map((history) => Math.min(Math.max(history.length, 1), window))),
  };
}

/** The tensors that the trainer would feed for these decisions. */
export function batchValues(decisions: readonly Decision[], shape: Shape): Values {
  const before = historyValues(
    decisions.map(({ history }) => history),
    shape,
  );
  const after = historyValues(
    decisions.map(({ history, action }) => [...history, action]),
    shape,
  );
  return {
    ...before,
    action: int32(decisions.map(({ action }) => action)),
    reward: float32(decisions.map(({ reward = 0.2 }) => reward)),
    done: float32(decisions.map(({ done = false }) => Number(done))),
    nextItems: after.items!,
    nextLength: after.length!,
  };
}

/**
 * Decisions of a Markov chain over the items: with probability `chance` an item is followed by its successor (a fixed
 * permutation), otherwise by a random item. Histories have 1 to `window` events, with equal frequency.
 */
export function markovDecisions(seed: number, count: number, chance: number, { items, window }: Shape): Decision[] {
  const successor = permutation(key(5), items);
  const width = window + 1;
  const follows = uniform(fold(key(seed), 'follows'), count * width);
  const anywhere = integers(fold(key(seed), 'anywhere'), count * width, items);
  return Array.from({ length: count }, (_, i) => {
    const events = [anywhere[i * width]!];
    for (let at = i * width + 1; events.length < width; at++) {
      events.push(follows[at]! < chance ? successor[events.at(-1)!]! : anywhere[at]!);
    }
    const length = 1 + (i % window);
    return { history: events.slice(0, length), action: events[length]!, reward: 1, done: length === window };
  });
}
