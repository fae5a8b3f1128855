import { createWorld, type ItemTexts, splitByUser } from '@lea/data';
import { expect, test } from 'vitest';
import { describe } from './describe.ts';

const { interactions, itemTexts } = createWorld({ users: 20, items: 10 });
const split = splitByUser(interactions);
const { sequences, event, sequence } = split.test;
const first = { user: sequences.userIds[sequence[0]!]!, item: sequences.itemIds[sequences.items[event[0]!]!]! };
const dataset = (given: ItemTexts | undefined) =>
  describe({ name: 'shop', interactions, itemTextsOf: async () => given }, split);

test('texts are made for the split, and the hash holds them', async () => {
  const { itemTexts: made, hash } = await dataset(itemTexts);
  expect(made).toBe(itemTexts);
  const other = { ...itemTexts, texts: [...itemTexts.texts].reverse() };
  expect((await dataset(other)).hash).not.toBe(hash);
  expect((await dataset(undefined)).itemTexts).toBeUndefined();
});

test('texts that held-out users made are refused, with examples', async () => {
  const trained = { ...first, user: sequences.userIds[split.train.sequence[0]!]! };
  await expect(dataset({ ...itemTexts, contributions: [trained] })).resolves.toMatchObject({ name: 'shop' });
  const leaking = dataset({ ...itemTexts, contributions: [trained, first] });
  await expect(leaking).rejects.toMatchObject({ code: 'E_TEXT_LEAK', value: [{ set: 'test', ...first }] });
});
