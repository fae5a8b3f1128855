import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fileWith } from '../fixtures/files.ts';
import { readInteractions } from './interactions.ts';
import { readItemTexts } from './item-texts.ts';

/** What both readers give for a file: the interactions, or the code and message of the error. */
async function outcomes(text: string, options: object): Promise<unknown[]> {
  const path = fileWith('x.csv', text);
  const outcome = (engine: 'js' | 'duckdb') =>
    readInteractions(path, { engine, ...options }).catch(({ code, message }) => ({ code, message }));
  return [await outcome('js'), await outcome('duckdb')];
}

const id = fc.constantFrom('1', '2', '10', '07', 'a', ' a', 'ü', '\u{1f600}', '\uffee', '"a"', '"x, ""y"""');
const time = fc.oneof(
  { weight: 20, arbitrary: fc.constantFrom('5', '5.0', '7', '-3', '1e3', '+5', ' 6 ', '.5', '9007199254740993') },
  { weight: 1, arbitrary: fc.constantFrom('', '1_0', '+-5', '0x10', 'inf', '1e400', '2024-05-01') },
);
const date = fc.oneof(
  {
    weight: 20,
    arbitrary: fc.constantFrom(
      '2024-05-01',
      '2024-05-01 12:00:00',
      '2024-05-01T12:00:00.250125',
      '1969-12-31 23:59:59.999999',
      '2024-05-01 12:00',
      '2024-05-01 12:00:00.1234567',
      '2024-05-01 12:00:00,5',
    ),
  },
  { weight: 1, arbitrary: fc.constantFrom('2024-02-30', '2024-05-01 24:00:00', '2024-05-01T12:00:00Z') },
);
const kind = fc.constantFrom('view', 'view', 'view', 'buy', 'seen');
const end = fc.constantFrom('\n', '\n', '\n', '\n', '\n\n', '\r\n');
const odd = fc.constantFrom('', '', '', '', '', '', ',', 'a,"b', 'a"b,1,2,view', 'user,item,time,kind', 'a,b,1,view,');

const log = (times: fc.Arbitrary<string>) =>
  fc
    .tuple(fc.array(fc.tuple(id, id, times, kind, end), { minLength: 1, maxLength: 30 }), odd, end)
    .map(([rows, last, first]) => {
      const lines = rows.map(([user, item, at, what, after]) => `${user},${item},${at},${what}${after}`);
      return `user,item,time,kind${first}${lines.join('')}${last}`;
    });

it('both readers give an empty kind the kind that "kinds" has for it', async () => {
  const text = 'user,item,kind\nu,a,\nu,b,buy\nv,a,\nv,b,\n';
  const [js, duckdb] = await outcomes(text, { kinds: { '': 'click', buy: 'purchase' } });
  expect(js).toMatchObject({ kinds: ['click', 'purchase'], kind: Uint8Array.of(0, 1, 0, 0), info: { notes: [] } });
  expect(duckdb).toEqual(js);
});

it('both readers give rewards, in the order of the events and without those of dropped kinds', async () => {
  const text =
    'user,item,time,kind,Price EUR\nu,a,3,buy,19.99\nu,b,1,buy,-2\nv,a,1,seen,7\nu,c,2,view,1e2\nv,b,2,view, .5 \n';
  const options = { columns: { reward: 'price eur' }, kinds: { buy: 'buy', view: 'view', seen: null } };
  const [js, duckdb] = await outcomes(text, options);
  expect(js).toMatchObject({ itemIds: ['a', 'b', 'c'], item: Int32Array.of(1, 2, 0, 1) });
  expect((js as { reward: Float64Array }).reward).toEqual(Float64Array.of(-2, 100, 19.99, 0.5));
  expect(duckdb).toEqual(js);
});

it.each(['', 'NA', 'abc', '0x10', '1_0', 'inf', 'nan', 'true', '2024-05-01', '1e300', '3.5e38', '-3.5e38'])(
  'both readers refuse the reward %j and name its line',
  async (cell) => {
    const [js, duckdb] = await outcomes(`user,item,price\nu,a,1\nu,b,${cell}\n`, { columns: { reward: 'price' } });
    expect(js).toMatchObject({
      code: 'E_REWARD_BAD',
      message: expect.stringContaining('line 3, column price: expected a'),
    });
    expect(duckdb).toEqual(js);
  },
);

it('a column named like rewards is not read unasked, which is noted', async () => {
  const [js, duckdb] = await outcomes('user,item,reward\nu,a,1\n', {});
  expect(js).not.toHaveProperty('reward');
  expect(js).toMatchObject({ info: { notes: [expect.stringContaining('column "reward" looks like the reward')] } });
  expect(duckdb).toEqual(js);
});

it('both readers give the same of any log, or the same error', async () => {
  const options = fc.constantFrom<object>(
    {},
    { trim: false },
    { kinds: { view: 'click', buy: 'purchase', seen: null } },
    { kinds: { view: 'click', buy: 'purchase', seen: null }, columns: { reward: 'time' } },
    { columns: { reward: 'time', time: 'user' } },
    { columns: { time: 'time' }, ids: ['a', '1', '2', '10', '07'] },
  );
  await fc.assert(
    fc.asyncProperty(fc.oneof(log(time), log(date)), options, async (text, given) => {
      const [js, duckdb] = await outcomes(text, given);
      expect(duckdb).toEqual(js);
    }),
    { numRuns: 15 },
  );
});

it.each([
  ['user,item\nb,1\nNaN,1\n,1\n', {}, 'line 3, column user'],
  ['user,item,kind\nb,1,view\nb,1,zoom\nb,1,add\n', { kinds: { view: 'click' } }, 'line 3, column kind'],
])('both readers name the first bad row of %j', async (text, options, place) => {
  const [js, duckdb] = await outcomes(text, options);
  expect(js).toMatchObject({ message: expect.stringContaining(place) });
  expect(duckdb).toEqual(js);
});

it('both readers leave out columns that are null', async () => {
  const text = 'user,item,time,kind,item_id_list\nu,a,soon,buy,x\nu,b,late,view,y\n';
  const [js, duckdb] = await outcomes(text, { columns: { time: null, kind: null, history: null } });
  expect(js).toMatchObject({
    itemIds: ['a', 'b'],
    kinds: ['click'],
    time: Float64Array.of(0, 1),
    info: { notes: [] },
  });
  expect(duckdb).toEqual(js);
  const [bad, same] = await outcomes(text, { columns: { history: null } });
  expect(bad).toMatchObject({ code: 'E_TIME_BAD' });
  expect(same).toEqual(bad);
  expect((await outcomes(text, { columns: { user: null } }))[0]).toMatchObject({ code: 'E_OPTION_VALUE' });
  expect((await outcomes(text, { columns: { kind: null }, kinds: {} }))[1]).toMatchObject({ code: 'E_OPTION_VALUE' });
});

it('both readers name the empty kind whose events are dropped', async () => {
  const [js, duckdb] = await outcomes('user,item,kind\nu,a,\nu,b,buy\n', { kinds: { '': null, buy: 'buy' } });
  expect(js).toMatchObject({ info: { notes: [expect.stringContaining('as "kinds" says ("").')] } });
  expect(duckdb).toEqual(js);
});

it.each([
  ['x.pq', 'PAR1\x15\x04', 'ends with .parquet'],
  ['x.csv.zst', '\x28\xb5\x2f\xfd\x04', 'Decompress it'],
  ['x.csv.bz2', 'BZh91AY&SY', 'Decompress it'],
  ['x.csv', 'PK\x03\x04\x14', 'as CSV'],
])('both readers say how %s is read', async (name, begin, hint) => {
  const path = fileWith(name, Buffer.from(begin, 'latin1'));
  for (const engine of ['js', 'duckdb'] as const) {
    const error = await readInteractions(path, { engine }).catch((error) => error);
    expect(error).toMatchObject({ code: 'E_FILE_READ', value: path, hint: expect.stringContaining(hint) });
  }
  await expect(readItemTexts(path)).rejects.toMatchObject({ code: 'E_FILE_READ' });
});

it('paths that no reader of one file has say which one has them', async () => {
  await expect(readInteractions('/nowhere/*.csv')).rejects.toMatchObject({
    code: 'E_FILE_MISSING',
    hint: expect.stringContaining('engine: "duckdb"'),
  });
  for (const engine of ['js', 'duckdb'] as const) {
    await expect(readInteractions('https://localhost/x.csv', { engine })).rejects.toMatchObject({
      code: 'E_FILE_MISSING',
      hint: expect.stringContaining('autoinstall_known_extensions'),
    });
  }
  await expect(readItemTexts('/nowhere/x.jsonl')).rejects.toMatchObject({ code: 'E_FILE_READ' });
});

it('both readers say how columns of other names are chosen, and refuse lists with missing ids by column', async () => {
  const [js, duckdb] = await outcomes('visitor,sku,at\nu,a,1\n', {});
  expect(js).toMatchObject({
    message: expect.stringContaining('The columns are: visitor, sku, at. Name yours: columns: { user: "visitor" }.'),
  });
  expect(duckdb).toEqual(js);
  const [missing, same] = await outcomes('user,item,item_id_list\nu,a,[b nan]\nu,a,[b nan c]\n', {});
  expect(missing).toMatchObject({
    code: 'E_CELL_MISSING',
    message: expect.stringContaining('line 2, column item_id_list'),
  });
  expect(same).toEqual(missing);
  await expect(readInteractions(fileWith('x.jsonl.txt', '{"user":"u","item":1}\n'))).rejects.toMatchObject({
    code: 'E_COLUMN_MISSING',
    hint: expect.stringContaining('.jsonl'),
  });
  expect((await outcomes('user,item\nu,a\n', { header: [] }))[0]).toMatchObject({
    code: 'E_OPTION_VALUE',
    message: expect.stringContaining('at least one column name'),
  });
});
