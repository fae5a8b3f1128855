/** Helpers of the agents' tests: a tiny catalog, three decisions, one step of an agent on them. */
import { key } from '@lea/core';
import { int32, type Tensors, valueAndGrad, withOnes } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { sasrec } from '../encoders/sasrec.ts';
import { batchValues, type Decision } from '../testing/decisions.ts';
import { keyTensor, tensors } from '../testing/tensors.ts';
import type { Agent, Encoder, Histories, LossResult, Shape } from '../types.ts';

export const shape: Shape = { items: 7, window: 4 };
export const encoder: Encoder = sasrec({ width: 4, dropout: 0 });
export const decisions: Decision[] = [
  { history: [], action: 2, reward: 0.2 },
  { history: [1, 2, 3], action: 4, reward: 1 },
  { history: [5, 6, 0, 1, 2], action: 3, reward: 0.2, done: true },
];
const negatives = int32([0, 1, 1, 5, 6, 2], [3, 2]);

export interface Step {
  readonly params: Tensors;
  readonly target: Tensors;
  readonly batch: Tensors;
  /** The loss with other parameters, batch, target, seed, phase (default: the last) or frozen tensors. */
  run(other?: {
    params?: Tensors;
    batch?: Tensors;
    target?: Tensors;
    seed?: number;
    phase?: string;
    frozen?: Tensors;
  }): LossResult;
  /** Gradients by the parameters. */
  grads(): Record<string, number[]>;
}

/** Fresh networks and the decisions as a batch, with two negatives per row. */
export function setUp(agent: Agent, frozen: Tensors = {}): Step {
  const params = tensors(agent.init(key(1), shape));
  const target = tensors(agent.init(key(2), shape));
  const batch = tensors({ ...batchValues(decisions, shape), negatives });
  const last = agent.phases.at(-1)!.name;
  const run: Step['run'] = ({ seed = 0, phase = last, ...other } = {}) =>
    agent.loss({ params, target, batch, frozen, ...other, key: keyTensor(seed), phase });
  const grads = () => {
    const { grads: all } = valueAndGrad((p) => ({ loss: run({ params: p }).loss }), params);
    return Object.fromEntries(Object.entries(all).map(([name, x]) => [name, list(x)]));
  };
  return { params, target, batch, run, grads };
}

export const list = (x: tf.Tensor | undefined): number[] => Array.from(x!.dataSync());
export const value = (x: tf.Tensor | undefined): number => list(x)[0]!;
export const mean = (x: readonly number[]): number => x.reduce((a, b) => a + b) / x.length;

/** Values of all items by a head's weight [N, H+1], row by row. */
export function scores(states: tf.Tensor, weight: tf.Tensor | undefined): number[][] {
  return tf.matMul(withOnes(states) as tf.Tensor2D, weight as tf.Tensor2D, false, true).arraySync() as number[][];
}

/** States of a batch, or of its next histories, without dropout. */
export function statesOf(params: Tensors, batch: Tensors, which: 'now' | 'next' = 'now'): tf.Tensor2D {
  const histories: Histories =
    which === 'now'
      ? { items: batch.items!, length: batch.length! }
      : { items: batch.nextItems!, length: batch.nextLength! };
  return encoder.encode(params, histories, { train: false, label: 'test' });
}

/** -log softmax of each row at the batch's actions. */
export function surprise(params: Tensors, batch: Tensors): number[] {
  const rows = scores(statesOf(params, batch), params['ce.weight']);
  return list(batch.action).map((action, i) => {
    const row = rows[i]!;
    return Math.log(row.reduce((sum, x) => sum + Math.exp(x), 0)) - row[action]!;
  });
}
