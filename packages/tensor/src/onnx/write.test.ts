import protobuf from 'protobufjs/minimal.js';
import { expect, test } from 'vitest';
import { type Graph, type Initializer, MICROSOFT, type Node, node } from './model.ts';
import { writeModel } from './write.ts';

const graphOf = (nodes: readonly Node[], initializers: readonly Initializer[] = []): Graph => ({
  name: 'g',
  nodes,
  initializers,
  inputs: [],
  outputs: [],
});

/** The texts and messages of a message by field number. */
function fieldsOf(bytes: Uint8Array): Map<number, Uint8Array[]> {
  const reader = protobuf.Reader.create(bytes);
  const fields = new Map<number, Uint8Array[]>();
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if ((tag & 7) === 2) fields.set(tag >>> 3, [...(fields.get(tag >>> 3) ?? []), reader.bytes()]);
    else reader.skipType(tag & 7);
  }
  return fields;
}

const texts = (bytes: Uint8Array) => [...fieldsOf(bytes).values()].flat().map((part) => Buffer.from(part).toString());

test('a model tells its producer and metadata', () => {
  const producer = { name: 'me', version: '1.2.3' };
  const fields = fieldsOf(writeModel(graphOf([]), { producer, metadata: { a: 'x', b: 'é' } }));
  expect(Buffer.from(fields.get(2)![0]!).toString()).toBe('me');
  expect(Buffer.from(fields.get(3)![0]!).toString()).toBe('1.2.3');
  expect(fields.get(14)!.map(texts)).toEqual([
    ['a', 'x'],
    ['b', 'é'],
  ]);
});

test("ONNX Runtime's own operators are imported only where a graph or its body uses them", () => {
  const domains = (nodes: readonly Node[]) =>
    fieldsOf(writeModel(graphOf(nodes)))
      .get(8)!
      .map((part) => texts(part)[0]);
  const own = node('FusedMatMul', ['a', 'b'], ['c'], {}, MICROSOFT);
  expect(domains([node('Add', ['a', 'b'], ['c'])])).toEqual(['']);
  expect(domains([own])).toEqual(['', MICROSOFT]);
  expect(domains([node('Loop', [], [], { body: { graph: graphOf([own]) } })])).toEqual(['', MICROSOFT]);
});

test('more than 2 GiB is refused without laying the bytes out', () => {
  const data = new Float32Array(2 ** 24);
  const many = Array.from(
    { length: 33 },
    (_, i) => ({ name: `w${i}`, dtype: 'float32', shape: [2 ** 24], data }) as const,
  );
  expect(() => writeModel(graphOf([], many))).toThrow(
    expect.objectContaining({ code: 'E_MODEL_SIZE', value: '2.06 GiB' }),
  );
});
