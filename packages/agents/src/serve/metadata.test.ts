import { writeModel } from '@lea/tensor/onnx';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readMetadata } from './metadata.ts';

const refused = expect.objectContaining({ name: 'LeaError', code: 'E_POLICY_FILE' });

function modelWith(metadata: Record<string, string>, weights = new Float32Array(300)): Uint8Array {
  const weight = { name: 'w', dtype: 'float32', shape: [weights.length], data: weights } as const;
  const graph = { name: 'g', nodes: [], initializers: [weight], inputs: [], outputs: [] };
  return writeModel(graph, { producer: { name: 'me', version: '1' }, metadata });
}

it('reads what was written, whatever the texts', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 300 });
  fc.assert(
    fc.property(fc.dictionary(text, text), (metadata) => {
      expect(Object.fromEntries(readMetadata(modelWith(metadata)))).toEqual({ ...metadata });
    }),
  );
});

it('reads bytes made by hand: a number, a key with its value, a float, an entry without a value', () => {
  const entry = [14 * 8 + 2, 6, 1 * 8 + 2, 1, 97, 2 * 8 + 2, 1, 98];
  const float = [9 * 8 + 5, 0, 0, 128, 63];
  const bare = [14 * 8 + 2, 3, 1 * 8 + 2, 1, 99];
  const model = Uint8Array.from([1 * 8, 0x96, 0x01, ...entry, ...float, ...bare]);
  expect([...readMetadata(model)]).toEqual([
    ['a', 'b'],
    ['c', ''],
  ]);
});

it.each([
  ['a number that never ends', [8, ...Array<number>(11).fill(0x80)]],
  ['a number that is cut', [8, 0x80]],
  ['a field longer than the file', [14 * 8 + 2, 5, 1]],
  ['a length beyond all memory', [14 * 8 + 2, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]],
  ['an unknown wire type', [8 + 3, 0]],
  ['a key that is no UTF-8', [14 * 8 + 2, 3, 1 * 8 + 2, 1, 0xff]],
])('refuses %s', (_, bytes) => {
  expect(() => readMetadata(Uint8Array.from(bytes))).toThrow(refused);
});

it('ends on any bytes: with metadata or with an error of its own', () => {
  const whole = modelWith({ 'lea.items': '40', 'lea.window': '6' }, new Float32Array(3));
  const cut = fc.nat(whole.length).map((end) => whole.slice(0, end));
  const changed = fc.tuple(fc.nat(whole.length - 1), fc.nat(255)).map(([at, byte]) => whole.with(at, byte));
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 400 }), cut, changed), (bytes) => {
      try {
        expect(readMetadata(bytes)).toBeInstanceOf(Map);
      } catch (error) {
        expect(error).toEqual(refused);
      }
    }),
    { numRuns: 2000 },
  );
});
