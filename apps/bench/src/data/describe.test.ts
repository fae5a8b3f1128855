import { type Catalog, createWorld, splitByUser } from '@lea/data';
import { expect, test } from 'vitest';
import { describe } from './describe.ts';

const { interactions, catalog } = createWorld({ users: 20, items: 10 });
const split = splitByUser(interactions);
const { sequences, event, sequence } = split.test;
const first = { user: sequences.userIds[sequence[0]!]!, item: sequences.itemIds[sequences.items[event[0]!]!]! };
const dataset = (given: Catalog | undefined) =>
  describe({ name: 'shop', interactions, catalogOf: async () => given }, split);

test('texts are made for the split, and the hash holds them', async () => {
  const { catalog: made, hash } = await dataset(catalog);
  expect(made).toBe(catalog);
  const other = { ...catalog, texts: [...catalog.texts].reverse() };
  expect((await dataset(other)).hash).not.toBe(hash);
  expect((await dataset(undefined)).catalog).toBeUndefined();
});

test('texts that held-out users made are refused, with examples', async () => {
  const trained = { ...first, user: sequences.userIds[split.train.sequence[0]!]! };
  await expect(dataset({ ...catalog, contributions: [trained] })).resolves.toMatchObject({ name: 'shop' });
  const leaking = dataset({ ...catalog, contributions: [trained, first] });
  await expect(leaking).rejects.toMatchObject({ code: 'E_TEXT_LEAK', value: [{ set: 'test', ...first }] });
});
