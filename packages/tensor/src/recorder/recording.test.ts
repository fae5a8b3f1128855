import { expect, it } from 'vitest';
import { namesRead } from '../onnx/names.ts';
import { Recording } from './recording.ts';

it('keeps constants that a graph of its own makes outside, where later nodes can read them', () => {
  const recording = new Recording();
  const before = recording.one('Exp', ['x']);
  let zeros = '';
  const graph = recording.graph('then', () => {
    zeros = recording.filled('float32', [100], 0);
    return { name: recording.one('Add', [before, zeros]), dtype: 'float32', shape: [100] };
  });
  expect(recording.nodes.map(({ op }) => op)).toEqual(['Exp', 'ConstantOfShape']);
  expect(graph.nodes.map(({ op }) => op)).toEqual(['Add']);
  expect([...namesRead(graph.nodes)]).toEqual([before, zeros]);
});
