import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Interactions } from '../interactions.ts';
import { readInteractions } from './interactions.ts';
import { readItemTexts } from './item-texts.ts';

/** Files as people have them, taken from public bug reports. */
const file = (name: string) => fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url));
const eventsOf = ({ user, item, userIds, itemIds }: Interactions) =>
  [...item].map((i, e) => `${userIds[user[e]!]} ${itemIds[i]}`);

describe.each(['js', 'duckdb'] as const)('with the engine %s', (engine) => {
  it.each([
    ['mixed-line-ends.csv', {}, ['u1 7', 'u1 8', 'u2 7']],
    ['mixed-line-ends-one-row.csv', {}, ['u1 7']],
    ['latin-1.csv', { encoding: 'latin-1' }, ['u1 café', 'u1 cafè', 'u2 café']],
    ['latin-1.csv', { encoding: 'windows-1252' }, ['u1 café', 'u1 cafè', 'u2 café']],
    ['list-history.inter', {}, ['0 5', '0 3', '0 4']],
    ['missing-as-words.csv', { missing: [] }, ['1 2', 'NULL 3', 'NaN 2', 'NaN 3', 'None 4']],
    ['capital-timestamp.csv', {}, ['1 early', '1 late']],
    ['spaces-around-ids.csv', {}, ['u1 7', 'u1 7', 'u1 7']],
    ['spaces-around-ids.csv', { trim: false }, [' u1 7', 'u1 7', 'u1  7 ']],
  ])('reads %s with %j', async (name, options, events) => {
    const data = await readInteractions(file(name), { engine, ...options });
    expect(eventsOf(data)).toEqual(events);
    expect(data.info.notes).toEqual([]);
  });

  it.each([
    ['latin-1.csv', {}, 'E_ENCODING_BAD', /latin-1\.csv line 2: .*not valid utf-8\. Got "u1,caf".*"encoding"/],
    ['missing-as-words.csv', {}, 'E_CELL_MISSING', /words\.csv line 3, column user: .*Got "NaN"/],
    ['missing-as-words.csv', { missing: ['nan'] }, 'E_CELL_MISSING', /line 3, column user/],
    ['missing-as-words.csv', { missing: ['NULL'] }, 'E_CELL_MISSING', /line 5, column user.*Got "NULL"/],
    ['duplicate-column.csv', {}, 'E_COLUMN_DUPLICATE', /duplicate-column\.csv line 1: 2 columns.*"item".*2 and 3/],
  ])('refuses %s with %j', async (name, options, code, message) => {
    const error = await readInteractions(file(name), { engine, ...options }).catch((e) => e);
    expect(error).toMatchObject({ name: 'LeaError', code });
    expect(error.message).toMatch(message);
  });
});

it('reads stray quotes where quotes mean nothing, and names them where they do', async () => {
  const path = file('stray-quote.csv');
  await expect(readItemTexts(path)).rejects.toThrow(
    /stray-quote\.csv line 3, column text: .*1\/2\\" bit.*"quote" to null/,
  );
  expect((await readItemTexts(path, { quote: null })).texts).toEqual(['ok', 'Drill 1/2" bit']);
});

it('refuses two values for what is read of an item', async () => {
  const path = file('conflicting-texts.csv');
  await expect(readItemTexts(path, { attributes: ['brand'] })).rejects.toThrow(
    /conflicting-texts\.csv line 3, column brand: item "1" .*Got "Y"/,
  );
  expect((await readItemTexts(path)).texts).toEqual(['a']);
});
