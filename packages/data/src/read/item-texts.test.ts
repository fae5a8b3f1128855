import { join } from 'node:path';
import { expect, it } from 'vitest';
import { fileWith, folderWith } from '../fixtures/files.ts';
import { readItemTexts } from './item-texts.ts';
import { parseTemplate } from './template.ts';

const shop = 'item_id,title,category,brand\n10,"Dome, large",Tents,Peak\n9,Mat.,,Moor\n11,Stove,Cooking,\n';

it('fills the template, in the order of the items asked for', async () => {
  const path = fileWith('shop.csv', shop);
  const itemTexts = await readItemTexts(path, { template: '{title}. {category}. {brand}.', itemIds: ['11', '10'] });
  expect(itemTexts).toEqual({
    itemIds: ['11', '10'],
    texts: ['Stove. Cooking.', 'Dome, large. Tents. Peak.'],
    attributes: { title: ['Stove', 'Dome, large'], category: ['Cooking', 'Tents'], brand: ['', 'Peak'] },
  });
  const all = await readItemTexts(path, { template: '{title}', attributes: ['brand'] });
  expect(all.itemIds).toEqual(['9', '10', '11']);
  expect(all.attributes).toEqual({ title: ['Mat.', 'Dome, large', 'Stove'], brand: ['Moor', 'Peak', ''] });
});

it('translates ids by an index file', async () => {
  const dir = folderWith({
    'x.text': 'item_id:token\ttext:token_seq\nB0\tA 1/2" drill \nB1\tNot sold\n',
    'x.item2index': 'B0\t7\n',
  });
  const itemTexts = await readItemTexts(join(dir, 'x.text'), { index: join(dir, 'x.item2index'), itemIds: ['7'] });
  expect(itemTexts).toEqual({ itemIds: ['7'], texts: ['A 1/2" drill'] });
});

it('names items without text, or uses their ids', async () => {
  const path = fileWith('x.csv', 'item_id,text\n1,one\n2,\n');
  const itemIds = ['1', '2', '3', '4', '5', '6', '7'];
  await expect(readItemTexts(path, { itemIds })).rejects.toThrow(
    /6 of 7 items have no text\. Got \["2","3","4","5","6"\]/,
  );
  expect((await readItemTexts(path, { itemIds: ['2', '1'], missingText: 'id' })).texts).toEqual(['2', 'one']);
});

it('refuses two texts for an item and columns that are not there', async () => {
  const path = fileWith('x.csv', 'item_id,text\n1,one\n1,one\n1,uno\n');
  await expect(readItemTexts(path)).rejects.toThrow(/x\.csv line 4, column text: item "1" .*Got "uno"/);
  await expect(readItemTexts(path, { template: '{txt}' })).rejects.toThrow(/"txt"\. Did you mean "text"/);
});

it('takes words for missing values for empty cells', async () => {
  const path = fileWith('x.csv', 'item_id,title,brand\n1,Saw,nan\n2,NULL,Acme\n');
  const read = (options: object) => readItemTexts(path, { template: '{title} by {brand}', ...options });
  expect((await read({})).texts).toEqual(['Saw', 'by Acme']);
  expect((await read({ missing: [] })).texts).toEqual(['Saw by nan', 'NULL by Acme']);
  await expect(readItemTexts(path, { template: '{title}' })).rejects.toThrow(/1 of 2 items has no text\. Got \["2"\]/);
  const noId = fileWith('x.csv', 'item_id,text\n1,a\nNaN,b\n');
  await expect(readItemTexts(noId)).rejects.toThrow(/x\.csv line 3, column item_id: /);
});

it('reads texts of any line ends, case of columns and encoding, trimmed', async () => {
  const text = 'Item_ID:token,Text\r\n 1 ," caf\u00e9 "\r2,b\u00a0\n';
  const path = fileWith('x.csv', Buffer.from(text, 'latin1'));
  expect(await readItemTexts(path, { encoding: 'latin-1', itemIds: ['2', '1'] })).toEqual({
    itemIds: ['2', '1'],
    texts: ['b', 'caf\u00e9'],
  });
  await expect(readItemTexts(path)).rejects.toMatchObject({ code: 'E_ENCODING_BAD' });
});

it.each([
  [{ missingText: 'trow' }, 'Did you mean "throw"?'],
  [{ attributes: 'brand' }, 'readItemTexts: attributes must be a list of column names. Got "brand"'],
  [{ missing: [1] }, 'readItemTexts: missing must be a list of words. Got [1]'],
  [{ trim: 'no' }, 'readItemTexts: invalid value for trim. Got "no"'],
])('refuses the options %j', async (options, message) => {
  const path = fileWith('x.text', 'item_id\ttext\n1\ta\n');
  await expect(readItemTexts(path, options as object)).rejects.toThrow(message);
});

it('refuses a header line beside the option header, and an index with two ids for one', async () => {
  const path = fileWith('x.text', 'item_id:token\ttext:token_seq\n1\ta\n');
  await expect(readItemTexts(path, { header: ['id', 't'], id: 'id', template: '{t}' })).rejects.toThrow(
    /line 1: .*got a header line/,
  );
  const index = fileWith('x.item2index', '1\t7\n1\t8\n');
  await expect(readItemTexts(path, { index })).rejects.toThrow(
    /item2index line 2, column id: "1" has a second, different value/,
  );
});

it('refuses an index that lists none of the ids, and forgives its header line', async () => {
  const path = fileWith('x.text', 'item_id:token\ttext:token_seq\nB0\ta\n');
  const other = fileWith('x.item2index', 'A0\t7\n');
  await expect(readItemTexts(path, { index: other, missingText: 'id', itemIds: ['7'] })).rejects.toThrow(
    /x\.item2index: the index lists none of the ids in .*x\.text, such as this one\. Got "B0"/,
  );
  const headed = fileWith('x.item2index', 'item\tindex\nB0\t7\n');
  expect((await readItemTexts(path, { index: headed })).itemIds).toEqual(['7']);
});

it('refuses what only readInteractions reads', async () => {
  for (const path of ['/nowhere/items.parquet', '/nowhere/*.csv', 's3://shop/items.csv', 'items.jsonl']) {
    await expect(readItemTexts(path)).rejects.toMatchObject({
      code: 'E_FILE_READ',
      value: path,
      hint: expect.stringContaining("to 'items.csv'"),
    });
  }
  const odd = fileWith('x[1].csv', 'item_id,text\n1,a\n');
  expect((await readItemTexts(odd)).texts).toEqual(['a']);
});

it('takes ids as texts only', async () => {
  const path = fileWith('x.csv', 'item_id,text\n1,a\n');
  await expect(readItemTexts(path, { itemIds: [1] as never })).rejects.toThrow(
    'itemIds must be a list of ids as texts: "7", not 7. Got [1]',
  );
  await expect(readItemTexts(fileWith('x.csv', 'sku,text\n1,a\n'))).rejects.toThrow(
    'Got "item_id". The columns are: sku, text. Name yours: id: "sku".',
  );
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
