import { expect, it } from 'vitest';
import { type Attributes, node } from '../onnx/model.ts';
import { peakBytes } from './memory.ts';

const sizes = new Map(Object.entries({ x: 100, a: 40, b: 60, c: 60, d: 4 }));

it('counts the results that live at the same time', () => {
  // a and b live together (100); a is released before d, so b and d are less.
  const nodes = [
    node('MatMul', ['x', 'x'], ['a']),
    node('MatMul', ['a', 'x'], ['b']),
    node('MatMul', ['b', 'b'], ['d']),
  ];
  expect(peakBytes(nodes, sizes, ['d'])).toBe(100);
});

it('keeps a result that is read later, or that is a result of the program', () => {
  const nodes = [
    node('MatMul', ['x', 'x'], ['a']),
    node('MatMul', ['a', 'x'], ['b']),
    node('MatMul', ['b', 'a'], ['d']),
  ];
  expect(peakBytes(nodes, sizes, ['d'])).toBe(104);
  const ends = [
    node('MatMul', ['x', 'x'], ['a']),
    node('MatMul', ['x', 'x'], ['b']),
    node('MatMul', ['b', 'b'], ['d']),
  ];
  expect(peakBytes(ends, sizes, ['a', 'd'])).toBe(104);
});

it('keeps what the graph in a later node reads', () => {
  const graph = {
    name: 'then',
    nodes: [node('Neg', ['a'], ['minus']), node('Exp', ['minus'], ['e'])],
    initializers: [],
    inputs: [],
    outputs: [],
  };
  const nodes = (attributes: Attributes) => [
    node('MatMul', ['x', 'x'], ['a']),
    node('MatMul', ['a', 'x'], ['b']),
    node('If', ['b'], ['d'], attributes),
  ];
  expect(peakBytes(nodes({}), sizes, ['d'])).toBe(100);
  expect(peakBytes(nodes({ then_branch: { graph } }), sizes, ['d'])).toBe(104);
});

it('writes over an input of the same size that is not read later', () => {
  const nodes = (op: string) => [node('MatMul', ['x', 'x'], ['b']), node(op, ['b'], ['c'])];
  for (const op of ['Exp', 'Softmax']) expect(peakBytes(nodes(op), sizes, ['c'])).toBe(60);
  expect(peakBytes(nodes('Transpose'), sizes, ['c'])).toBe(120);
  // Somebody else reads b, so it stays.
  expect(peakBytes([...nodes('Exp'), node('MatMul', ['b', 'c'], ['d'])], sizes, ['d'])).toBe(124);
});

it('a view takes nothing and keeps its buffer alive', () => {
  const nodes = [
    node('MatMul', ['x', 'x'], ['b']),
    node('Reshape', ['b', 'shape'], ['view']),
    node('MatMul', ['x', 'x'], ['a']),
    node('MatMul', ['view', 'a'], ['d']),
  ];
  expect(peakBytes(nodes, sizes, ['d'])).toBe(104);
});

it('takes the largest input for a result of unknown size', () => {
  expect(peakBytes([node('Cast', ['x'], ['unknown']), node('MatMul', ['unknown', 'x'], ['d'])], sizes, ['d'])).toBe(
    104,
  );
});
