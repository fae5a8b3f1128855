import { evaluateInteractive } from '@lea/eval';
import { expect, it } from 'vitest';
import { interactiveUsers } from './interactive-users.ts';
import { byNumber, fitUsers, scale, sigmoid, train } from './testing.ts';

/** Scores items by their number: the best item is the last one. */
const last = { name: 'last', items: 5, window: 3, score: ({ size }: { size: number }) => scores(size) };
const scores = (size: number) => Float32Array.from({ length: size * 5 }, (_, i) => i % 5);

it('is played by the rules of EasyRL4Rec, by hand', async () => {
  const users = await interactiveUsers(byNumber(), { scale });
  const fixed = await evaluateInteractive(last, users, { rule: 'NX_X', length: 3, users: 6, gamma: 0.5, parallel: 4 });
  // Items 4, 3 and 2 have z = 4, 2 and 0.
  const [a, b, c] = [sigmoid(4), sigmoid(2), 0.5] as const;
  for (let u = 0; u < 6; u++) {
    expect(fixed.values.return[u]).toBeCloseTo(a + b + c, 6);
    expect(fixed.values.discounted[u]).toBeCloseTo(a + b / 2 + c / 4, 6);
  }
  expect([...fixed.values.length]).toEqual([3, 3, 3, 3, 3, 3]);
  expect([fixed.cut, fixed.means.diversity]).toEqual([1, 1]);

  const free = await evaluateInteractive(last, users, { maxLength: 7, users: 4 });
  expect([...free.values.length]).toEqual([7, 7, 7, 7]);
  expect([free.cut, free.means.diversity]).toEqual([1, 0]);
});

it('leaves when its patience is over, and stays under NX_X', async () => {
  const first = { ...last, name: 'first', score: ({ size }: { size: number }) => scores(size).map((x) => -x) };
  // z of item 0: -40, so it is never accepted.
  const users = await interactiveUsers(byNumber(), { scale: { mean: 2, std: 0.05 }, patience: 2 });
  const left = await evaluateInteractive(first, users, { users: 5 });
  expect([...left.values.length]).toEqual([2, 2, 2, 2, 2]);
  expect([left.cut, left.acceptance]).toEqual([0, 0]);
  const kept = await evaluateInteractive(first, users, { rule: 'NX_X', length: 5, users: 5 });
  expect([...kept.values.length]).toEqual([5, 5, 5, 5, 5]);
});

it('plays a fitted environment, the same however many visits go on together', async () => {
  const environment = await fitUsers();
  const users = await interactiveUsers(environment, { start: train, patience: 3 });
  const options = { rule: 'NX_0', users: 12, maxLength: 8 } as const;
  const together = await evaluateInteractive(environment, users, options);
  const apart = await evaluateInteractive(environment, users, { ...options, parallel: 5 });
  expect(apart.values.length).toEqual(together.values.length);
  apart.values.return.forEach((value, u) => {
    expect(value).toBeCloseTo(together.values.return[u]!, 4);
  });
  expect(together.protocol.environment).toBe(environment.name);
});

it('refuses what evaluateInteractive decides', async () => {
  await expect(interactiveUsers(byNumber(), { scale, horizon: 4 } as object)).rejects.toThrow(/horizon/);
  await expect(interactiveUsers(byNumber(), { scale, patience: 0 })).rejects.toThrow(/patience/);
});
