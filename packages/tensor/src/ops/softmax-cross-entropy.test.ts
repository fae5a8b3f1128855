import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { expectClose, numbers } from '../fixtures/parity.ts';
import { compile, float32, int32, interpret, type Program, softmaxCrossEntropy, specsOf } from '../index.ts';
import { recordGraph } from '../onnx/index.ts';

const ITEMS = 80;
const w = numbers('w', [ITEMS, 3]);
const offsets = numbers('offsets', [3, ITEMS]);
const ids = int32([3, 0, 7, 1, 5, 2], [3, 2]);
const weights = [1, 2, 1, 0, 0.5, 1];

/** The hidden states are read by the graph for labels that underflow, and are a result as well. */
const program: Program = ({ inputs: { x, w, ids, offsets } }) => {
  const h = tf.mul(x!, 2);
  const losses = softmaxCrossEntropy(h, w!, ids!, tf.tensor(weights, [3, 2]), offsets!);
  return { state: {}, outputs: { losses, h } };
};

/** The losses of one row, in float64. */
function rowLosses(h: number[], row: number): number[] {
  const logits = Array.from(
    { length: ITEMS },
    (_, item) => h.reduce((sum, x, i) => sum + x * w.data[item * 3 + i]!, 0) + offsets.data[row * ITEMS + item]!,
  );
  const top = Math.max(...logits);
  const normalizer = top + Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - top), 0));
  return [0, 1].map((k) => normalizer - logits[ids.data[row * 2 + k]!]!);
}

test.each([
  ['every label', 1],
  ['not the labels of the first row', 300],
])('float32 can hold the probability of %s: each loss is right', async (_, scale) => {
  const rows = [
    [scale, 1, -1],
    [0.5, 0.2, 0.1],
    [1, 0, 2],
  ];
  const inputs = { x: float32(rows.flat(), [3, 3]), w, ids, offsets };
  const losses = rows.map((x, row) =>
    rowLosses(
      x.map((value) => 2 * value),
      row,
    ),
  );
  expect(Math.max(...losses[0]!) > 104).toBe(scale > 1);
  const wanted = losses.map(([a, b], row) => weights[row * 2]! * a! + weights[row * 2 + 1]! * b!);
  for (const make of [compile, interpret]) {
    const runner = await make(program, { inputs: specsOf(inputs) }, { mode: 'direct' });
    const { outputs } = await runner.run({ inputs });
    await runner.dispose();
    expectClose({ losses: outputs.losses! }, { losses: float32(wanted) }, 1e-5);
    expect([...outputs.h!.data.subarray(3, 6)]).toEqual([1, 0.4, 0.2].map(Math.fround));
  }
});

test('a compiled program reads the matrix of probabilities a second time only if that of a label underflows', async () => {
  const graph = await recordGraph(program, { inputs: specsOf({ x: numbers('x', [3, 3]), w, ids, offsets }) });
  const ops = graph.nodes.map(({ op }) => op);
  expect(ops).toContain('If');
  expect(ops.filter((op) => op.endsWith('Max') || op.endsWith('Pool'))).toEqual([]);
});
