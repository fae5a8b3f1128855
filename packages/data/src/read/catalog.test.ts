import { join } from 'node:path';
import { expect, it } from 'vitest';
import { fileWith, folderWith } from '../fixtures/files.ts';
import { readCatalog } from './catalog.ts';
import { parseTemplate } from './template.ts';

const shop = 'item_id,title,category,brand\n10,"Dome, large",Tents,Peak\n9,Mat.,,Moor\n11,Stove,Cooking,\n';

it('fills the template, in the order of the items asked for', async () => {
  const path = fileWith('shop.csv', shop);
  const catalog = await readCatalog(path, { template: '{title}. {category}. {brand}.', itemIds: ['11', '10'] });
  expect(catalog).toEqual({
    itemIds: ['11', '10'],
    texts: ['Stove. Cooking.', 'Dome, large. Tents. Peak.'],
    attributes: { title: ['Stove', 'Dome, large'], category: ['Cooking', 'Tents'], brand: ['', 'Peak'] },
  });
  const all = await readCatalog(path, { template: '{title}', attributes: ['brand'] });
  expect(all.itemIds).toEqual(['9', '10', '11']);
  expect(all.attributes).toEqual({ title: ['Mat.', 'Dome, large', 'Stove'], brand: ['Moor', 'Peak', ''] });
});

it('translates ids by an index file', async () => {
  const dir = folderWith({
    'x.text': 'item_id:token\ttext:token_seq\nB0\tA 1/2" drill \nB1\tNot sold\n',
    'x.item2index': 'B0\t7\n',
  });
  const catalog = await readCatalog(join(dir, 'x.text'), { index: join(dir, 'x.item2index'), itemIds: ['7'] });
  expect(catalog).toEqual({ itemIds: ['7'], texts: ['A 1/2" drill'] });
});

it('names items without text, or uses their ids', async () => {
  const path = fileWith('x.csv', 'item_id,text\n1,one\n2,\n');
  const itemIds = ['1', '2', '3', '4', '5', '6', '7'];
  await expect(readCatalog(path, { itemIds })).rejects.toThrow(
    /6 of 7 items have no text\. Got \["2","3","4","5","6"\]/,
  );
  expect((await readCatalog(path, { itemIds: ['2', '1'], missingText: 'id' })).texts).toEqual(['2', 'one']);
});

it('refuses two texts for an item and columns that are not there', async () => {
  const path = fileWith('x.csv', 'item_id,text\n1,one\n1,one\n1,uno\n');
  await expect(readCatalog(path)).rejects.toThrow(/x\.csv line 4, column item_id: a second text.*"1"/);
  await expect(readCatalog(path, { template: '{txt}' })).rejects.toThrow(/"txt"\. The nearest is "text"/);
});

it.each([
  ['{a} by {b}', { a: 'Tent' }, 'Tent'],
  ['{a} by {b}. {c}.', { a: 'Tent', c: 'Camping' }, 'Tent. Camping.'],
  ['{a} by {b}. {c}.', { a: 'Tent' }, 'Tent.'],
  ['{a} ({b}), {c}', { a: 'x', c: 'z' }, 'x, z'],
  ['{a}. {b}. {c}.', { b: 'Camping' }, 'Camping.'],
  ['{a}. {b}.', { a: 'Really?', b: 'Yes' }, 'Really? Yes.'],
  ['{a} ({b}), {c}', { a: 'x', b: 'y' }, 'x (y)'],
  ['Made of {a}', {}, ''],
])('template %s', (template, values, text) => {
  expect(parseTemplate(template).fill(values as Record<string, string>)).toBe(text);
});

it('refuses a template without names or with stray braces', () => {
  for (const bad of ['title', '{a', 'a}', '{{a}}', '']) expect(() => parseTemplate(bad)).toThrow(/single braces/);
});
