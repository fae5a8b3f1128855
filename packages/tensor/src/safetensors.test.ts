import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LeaError } from '@lea/core';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeSafetensors, float32, int32, readSafetensors, type Values, writeSafetensors } from './index.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'safetensors-'));
});
afterAll(() => rm(folder, { recursive: true }));

const values: Values = {
  'b.weight': float32([1, -2, 3.5, Number.NaN, 0, 7], [2, 3]),
  a: int32([1, -5], [2]),
  scalar: float32([0.25], []),
  mask: { dtype: 'bool', shape: [3], data: Uint8Array.of(1, 0, 1) },
  empty: float32([], [0, 4]),
};

function fileOf(header: unknown, data: Uint8Array = new Uint8Array(), length?: bigint): Buffer {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(length ?? BigInt(text.length));
  return Buffer.concat([size, text, data]);
}

async function read(content: Uint8Array): ReturnType<typeof readSafetensors> {
  const path = join(folder, 'x.safetensors');
  await writeFile(path, content);
  return readSafetensors(path);
}

test('reads what was written; equal tensors give equal bytes', async () => {
  const [first, second] = [join(folder, 'a.safetensors'), join(folder, 'b.safetensors')];
  await writeSafetensors(first, values, { format: 'pt', note: 'ünïcode' });
  const { tensors, metadata } = await readSafetensors(first);
  expect(tensors).toEqual(values);
  expect(metadata).toEqual({ format: 'pt', note: 'ünïcode' });
  await writeSafetensors(second, Object.fromEntries(Object.entries(values).reverse()), metadata);
  expect(await readFile(second)).toEqual(await readFile(first));
});

test('converts the other number formats', async () => {
  const cases: [string, Uint8Array, number[]][] = [
    [
      'F16',
      new Uint8Array(Uint16Array.of(0x3c00, 0xc000, 0x0001, 0x7c00).buffer),
      [1, -2, 2 ** -24, Number.POSITIVE_INFINITY],
    ],
    ['BF16', new Uint8Array(Uint16Array.of(0x3f80, 0xc040).buffer), [1, -3]],
    ['F64', new Uint8Array(Float64Array.of(0.5, -1e300).buffer), [0.5, Number.NEGATIVE_INFINITY]],
    ['I64', new Uint8Array(BigInt64Array.of(5n, -7n).buffer), [5, -7]],
    ['U8', Uint8Array.of(255, 3), [255, 3]],
    ['I8', Uint8Array.of(255, 3), [-1, 3]],
    ['U16', new Uint8Array(Uint16Array.of(65535).buffer), [65535]],
    ['I16', new Uint8Array(Int16Array.of(-2).buffer), [-2]],
  ];
  for (const [dtype, data, wanted] of cases) {
    const { tensors } = await read(
      fileOf({ x: { dtype, shape: [wanted.length], data_offsets: [0, data.length] } }, data),
    );
    expect([dtype, [...tensors.x!.data]]).toEqual([dtype, wanted]);
  }
});

test('reads half precision through several chunks, and nothing but what is wanted', async () => {
  const size = 2 ** 19 + 3;
  const words = Uint16Array.from({ length: size }, (_, i) => (i % 256) << 7);
  const header = {
    big: { dtype: 'BF16', shape: [size], data_offsets: [0, 2 * size] },
    small: { dtype: 'I8', shape: [1], data_offsets: [2 * size, 2 * size + 1] },
  };
  const file = fileOf(header, Buffer.concat([new Uint8Array(words.buffer), Uint8Array.of(7)]));
  const { tensors } = await read(file);
  const bits = new Uint32Array((tensors.big!.data as Float32Array).buffer);
  expect(bits.findIndex((value, i) => value !== ((i % 256) << 23) >>> 0)).toBe(-1);
  const path = join(folder, 'x.safetensors');
  expect(await readSafetensors(path, { wanted: (name) => name === 'small' })).toEqual({
    tensors: { small: int32([7], [1]) },
    metadata: {},
  });
  expect(await describeSafetensors(path)).toEqual({
    big: { dtype: 'BF16', shape: [size] },
    small: { dtype: 'I8', shape: [1] },
  });
});

const entry = { dtype: 'F32', shape: [2], data_offsets: [0, 8] };
const bytes = new Uint8Array(8);

test.each<[string, Buffer, RegExp]>([
  ['nothing', Buffer.alloc(0), /0 bytes/],
  ['a foreign file', Buffer.from('PK\x03\x04 this is a zip archive, not tensors'), /header of \d+ bytes/],
  ['an absurd header size', fileOf({}, bytes, 2n ** 63n), /header of/],
  ['a header beyond the end', fileOf({}, bytes, 500n), /ends within its header/],
  ['no JSON', fileOf('{"x": '), /not JSON/],
  ['JSON that is no object', fileOf('[1]'), /not a JSON object/],
  ['cut data', fileOf({ x: entry }, bytes.subarray(0, 5)), /"x" occupies bytes 0\.\.8 of 5/],
  ['offsets out of order', fileOf({ x: { ...entry, data_offsets: [8, 0] } }, bytes), /"x" occupies/],
  ['negative offsets', fileOf({ x: { ...entry, data_offsets: [-8, 0] } }, bytes), /offsets/],
  ['a wrong size', fileOf({ x: { ...entry, shape: [3] } }, bytes), /does not fit F32\[3\]/],
  ['a negative shape', fileOf({ x: { ...entry, shape: [-2] } }, bytes), /shape/],
  ['a dtype that is no text', fileOf({ x: { ...entry, dtype: 5 } }, bytes), /dtype 5/],
  ['a dtype that is a property of objects', fileOf({ x: { ...entry, dtype: 'constructor' } }, bytes), /constructor/],
  ['an entry that is no object', fileOf({ x: 5 }, bytes), /not described/],
  ['overlaps', fileOf({ x: entry, y: { ...entry, data_offsets: [4, 12] } }, new Uint8Array(12)), /"x" and "y" overlap/],
  ['metadata that is no text', fileOf({ __metadata__: { a: 1 } }), /metadata/],
  [
    'integers beyond 32 bits',
    fileOf(
      { x: { dtype: 'I64', shape: [1], data_offsets: [0, 8] } },
      new Uint8Array(BigInt64Array.of(2n ** 40n).buffer),
    ),
    /32 bits/,
  ],
])('refuses %s, naming the file', async (_, content, message) => {
  const error = await read(content).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(error).toBeInstanceOf(LeaError);
  expect((error as LeaError).code).toBe('E_SAFETENSORS');
  expect((error as LeaError).message).toMatch(message);
  expect((error as LeaError).message).toContain('x.safetensors');
});

test.each(['U32', 'U64', 'F8_E4M3', 'F4'])(
  '%s is a type that is not read, which matters to tensors that are wanted only',
  async (dtype) => {
    const header = { x: { dtype, shape: [2], data_offsets: [8, 16] }, y: entry };
    const error = await read(fileOf(header, new Uint8Array(16))).catch((error: unknown) => error);
    expect(error).toMatchObject({ code: 'E_SAFETENSORS' });
    expect((error as LeaError).message).toMatch(new RegExp(`"x" has the unsupported type ${dtype}.*x.safetensors`));
    expect((error as LeaError).message).not.toContain('Not a valid');
    const path = join(folder, 'x.safetensors');
    expect((await readSafetensors(path, { wanted: (name) => name === 'y' })).tensors).toEqual({ y: float32([0, 0]) });
    expect((await describeSafetensors(path)).x).toEqual({ dtype, shape: [2] });
  },
);

test('never fails other than with a LeaError', async () => {
  await writeSafetensors(join(folder, 'good.safetensors'), values);
  const good = await readFile(join(folder, 'good.safetensors'));
  await fc.assert(
    fc.asyncProperty(fc.nat(good.length - 1), fc.nat(255), fc.nat(good.length), async (at, byte, cut) => {
      const broken = Buffer.from(good.subarray(0, cut));
      if (at < cut) broken[at] = byte;
      await read(broken).catch((error) => expect(error).toBeInstanceOf(LeaError));
    }),
    { numRuns: 100 },
  );
});

test('a missing file has its own code, a folder is no file', async () => {
  await expect(readSafetensors(join(folder, 'none'))).rejects.toMatchObject({ code: 'E_FILE_MISSING' });
  await expect(readSafetensors(folder)).rejects.toMatchObject({ code: 'E_FILE_READ' });
});

test('notices a flipped bit in any byte of what it wrote: in numbers, shapes, names, metadata', async () => {
  const path = join(folder, 'flipped.safetensors');
  const metadata = { progress: '{"step":5}' };
  await writeSafetensors(path, { a: values.a!, 'b.weight': values['b.weight']!, mask: values.mask! }, metadata);
  const whole = await readFile(path);
  const before = await readSafetensors(path);
  let same = 0;
  for (let at = 0; at < whole.length; at++) {
    const flipped = Buffer.from(whole);
    flipped[at]! ^= 1 << ((5 * at) % 8);
    const outcome = await read(flipped).catch((error: unknown) => error);
    if (outcome instanceof Error) {
      expect(outcome).toMatchObject({ code: 'E_SAFETENSORS' });
      continue;
    }
    // The name of the seal itself may change: then it is a text like others.
    const { tensors, metadata } = outcome as typeof before;
    expect({ tensors, metadata: { progress: metadata.progress } }).toEqual(before);
    same++;
  }
  expect(same).toBeLessThan(10);
});

test('two tensors that change places are noticed, also where one of them is read alone', async () => {
  const path = join(folder, 'swapped.safetensors');
  await writeSafetensors(path, { x: float32([1, 2]), y: float32([3, 4]) });
  const whole = await readFile(path);
  const data = whole.length - 16;
  await writeFile(
    path,
    Buffer.concat([whole.subarray(0, data), whole.subarray(data + 8), whole.subarray(data, data + 8)]),
  );
  const refused = {
    code: 'E_SAFETENSORS',
    message: expect.stringContaining('tensor "y" has changed since it was written'),
  };
  await expect(readSafetensors(path, { wanted: (name) => name === 'y' })).rejects.toMatchObject(refused);
});
