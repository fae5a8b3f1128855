import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { eachRecord, type RecordOptions } from './records.ts';

const csv: RecordOptions = { delimiter: ',', quote: '"', maxRecordSize: 1000 };

/** Records of a text that arrives in pieces of so many characters, each as [line, ...cells]. */
async function recordsOf(text: string, options: Partial<RecordOptions> = {}, size = text.length): Promise<unknown[][]> {
  const pieces = async function* () {
    for (let at = 0; at < text.length; at += size) yield text.slice(at, at + size);
  };
  const records: unknown[][] = [];
  await eachRecord(
    pieces(),
    { ...csv, ...options },
    (line, column) => `line ${line}, column ${column}`,
    (cells, line) => records.push([line, ...cells]),
  );
  return records;
}

it.each([1, 2, 3, 100])('takes LF, CRLF and CR in one file, in pieces of %i', async (size) => {
  expect(await recordsOf('a,b\nc,d\r\ne,f\rg,h\r\n\r\n\n\ri,j', {}, size)).toEqual([
    [1, 'a', 'b'],
    [2, 'c', 'd'],
    [3, 'e', 'f'],
    [4, 'g', 'h'],
    [8, 'i', 'j'],
  ]);
});

it.each([1, 2, 5, 100])('reads quoted cells over several lines, in pieces of %i', async (size) => {
  expect(await recordsOf('1,"a, ""b""\r\n\rc",\n"","2"\r"x",y', {}, size)).toEqual([
    [1, '1', 'a, "b"\n\nc', ''],
    [4, '', '2'],
    [5, 'x', 'y'],
  ]);
});

it('takes other delimiters and quotes, or none', async () => {
  expect(await recordsOf("1::'a::b'\n", { delimiter: '::', quote: "'" })).toEqual([[1, '1', 'a::b']]);
  expect(await recordsOf('1\t"a\n"\t', { delimiter: '\t', quote: null })).toEqual([
    [1, '1', '"a'],
    [2, '"', ''],
  ]);
});

it.each([
  ['1,2\n3,4 1/2" x', /^line 2, column 1: a quote inside.*"4 1\/2\\" x"/],
  ['1,2\n3,"4"5', /^line 2, column 1: text after.*"4\\"5"/],
  ['1,2\n3,"4\n5,6\n', /^line 2, column 1: a quote is never closed\. Got "4\\n5,6\\n"/],
  ['a,b\n\n\r\nc\0,d', /^line 4, column undefined: found a NUL/],
])('refuses %j', async (text, message) => {
  for (const size of [1, 3, 100]) {
    const error = await recordsOf(text, {}, size).catch((e) => e);
    expect(error.message).toMatch(message);
    expect(['E_ROW_BAD', 'E_ENCODING_BAD']).toContain(error.code);
  }
});

it.each([
  ['one cell', '1,2\n', `3,${'x'.repeat(90)}`],
  ['delimiters only', '1,2\n', ','.repeat(90)],
  ['a quoted cell of many lines', '1,2\n', `3,"${'x\n'.repeat(50)}`],
])('refuses a record of %s above the limit, before its end', async (_, first, start) => {
  let given = 0;
  const endless = async function* () {
    yield first + start;
    for (; given < 100; given++) yield start.slice(3);
  };
  const reading = eachRecord(
    endless(),
    { ...csv, maxRecordSize: 200 },
    (line) => `line ${line}`,
    () => {},
  );
  await expect(reading).rejects.toMatchObject({
    code: 'E_RECORD_LARGE',
    message: expect.stringMatching(/^line 2: the record has more than 200 characters/),
  });
  expect(given).toBeLessThan(3);
});

it('reads what csv-parse reads', async () => {
  const cell = fc.string({ unit: fc.constantFrom('a', 'é', ',', '"', '\n', ' ', '\u{1f600}'), maxLength: 6 });
  const tables = fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { minLength: 1, maxLength: 6 });
  const written = fc.tuple(tables, fc.constantFrom('\n', '\r\n', '\r'), fc.integer({ min: 1, max: 9 }));
  await fc.assert(
    fc.asyncProperty(written, async ([table, end, size]) => {
      const quoted = (text: string) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
      const text = table.map((row) => row.map(quoted).join(',')).join(end);
      const expected = parse(text, { relax_column_count: true, skip_empty_lines: true, record_delimiter: end });
      expect((await recordsOf(text, {}, size)).map(([, ...cells]) => cells)).toEqual(expected);
    }),
  );
});
