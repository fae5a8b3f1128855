import { expect, test } from 'vitest';
import { type Node, node } from './model.ts';
import { namesRead, splitNodes } from './names.ts';

const inBody = (nodes: Node[], outputs: string[]) =>
  node('Loop', ['count'], outputs, {
    body: { graph: { name: 'body', nodes, initializers: [], inputs: [], outputs: [] } },
  });

test('names read by nodes and by the nodes of their bodies', () => {
  const nodes = [node('Add', ['a', 'b'], ['c']), inBody([node('Relu', ['captured'], ['d'])], ['e'])];
  expect([...namesRead(nodes)].sort()).toEqual(['a', 'b', 'captured', 'count']);
});

test('nodes are split by what they depend on, bodies included', () => {
  const direct = node('Relu', ['x'], ['y']);
  const indirect = node('Add', ['y', 'w'], ['z']);
  const captured = inBody([node('Neg', ['z'], ['n'])], ['m']);
  const free = [node('Neg', ['w'], ['v']), inBody([node('Neg', ['v'], ['o'])], ['p'])];
  const nodes = [free[0]!, direct, indirect, free[1]!, captured];
  expect(splitNodes(nodes, ['x'])).toEqual({ dependent: [direct, indirect, captured], free });
});
