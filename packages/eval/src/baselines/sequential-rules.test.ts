import { expect, it } from 'vitest';
import { expectClose, ranking, scores } from '../testing/histories.ts';
import { transitionsOf } from '../testing/transitions.ts';
import { sequentialRules } from './sequential-rules.ts';

const sequences = [
  [0, 1, 2],
  [0, 2, 1],
  [3, 0],
];
const train = transitionsOf(sequences, 5);
// Items are chosen 3, 2, 2, 1 and 0 times.
const wanted = (...given: number[]): number[] =>
  given.map((score, item) => score + (1e-6 * [3, 2, 2, 1, 0][item]!) / 8);

it('sums the inverse distances of what followed the last item', async () => {
  expectClose(await scores(sequentialRules(train), 0), wanted(0, 1.5, 1.5, 0, 0));
  expectClose(await scores(sequentialRules(train), 2, 0), wanted(0, 1.5, 1.5, 0, 0));
  expectClose(await scores(sequentialRules(train, { steps: 1 }), 0), wanted(0, 1, 1, 0, 0));
  expectClose(await scores(sequentialRules(train, { distancePower: 2 }), 0), wanted(0, 1.25, 1.25, 0, 0));
  expectClose(await scores(sequentialRules(train, { distancePower: 0 }), 0), wanted(0, 2, 2, 0, 0));
});

it('keeps the strongest rules, of equal ones that to the smaller item', async () => {
  expectClose(await scores(sequentialRules(train, { neighbors: 1 }), 0), wanted(0, 1.5, 0, 0, 0));
});

it('ranks items without a rule, and empty histories, by popularity', async () => {
  expect(await ranking(sequentialRules(train), 3)).toEqual([0, 1, 2, 3, 4]);
  expect(await ranking(sequentialRules(train))).toEqual([0, 1, 2, 3, 4]);
});
