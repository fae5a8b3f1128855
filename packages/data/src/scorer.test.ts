import { expect, test } from 'vitest';
import { ranksBy, type Scorer } from './scorer.ts';
import { windowsOf } from './windows.ts';

const histories = windowsOf([[1], [0]], 2, 3);
const targets = Int32Array.of(2, 1);
const score = () => Float32Array.of(3, 2, 1, 3, 2, 1);
const scorer = {
  name: 'by hand',
  items: 3,
  window: 2,
  score,
  ranks: ranksBy({ items: 3, score }, (_, [first, second], excluded) =>
    Int32Array.of(first! + 1, second! + 1 + (excluded ? 4 : 0)),
  ),
} satisfies Scorer;

test('a scorer and its copy under another name have its ranks', async () => {
  expect([...(await scorer.ranks(histories, targets))]).toEqual([3, 2]);
  expect([...(await { ...scorer, name: 'copy' }.ranks(histories, targets, [[], []]))]).toEqual([3, 6]);
  const { ranks } = scorer;
  expect([...(await ranks(histories, targets))]).toEqual([3, 2]);
});

test('the ranks of a copy with other scores are unknown', async () => {
  const copy = { ...scorer, score: () => Float32Array.of(1, 2, 3, 1, 2, 3) };
  expect([...(await copy.ranks(histories, targets))]).toEqual([0, 0]);
});

test('arguments that do not fit are refused', async () => {
  const code = (name: string) => expect.objectContaining({ code: name });
  await expect(scorer.ranks(histories, Int32Array.of(1))).rejects.toEqual(code('E_WINDOWS'));
  await expect(scorer.ranks(histories, targets, [[0]])).rejects.toEqual(code('E_WINDOWS'));
  await expect(scorer.ranks(histories, Int32Array.of(1, 3))).rejects.toEqual(code('E_ITEM_RANGE'));
  await expect(scorer.ranks(histories, targets, [[], [1.5]])).rejects.toEqual(code('E_ITEM_RANGE'));
  await expect(scorer.ranks(windowsOf([[5]], 2, 6), Int32Array.of(1))).rejects.toEqual(code('E_ITEM_RANGE'));
});
