import { key } from '@lea/core';
import { float32, int32, type Tensors, toTensor, type Values } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { initDecoder } from '../language-model/decoders/modules.ts';
import { idConfig } from '../testing.ts';
import type { EnvironmentConfig } from './config.ts';
import { initEnvironment } from './init.ts';
import { environmentLosses } from './losses.ts';
import { logPopularity } from './memory.ts';

const ITEMS = 6;
const config = idConfig(4, 2, ITEMS, 0);

const tensors = (values: Values): Tensors =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, toTensor(value)]));

/** One history of items 0, 3, 5 and a slot of padding. */
const batch = {
  items: int32([ITEMS, 0, 3, ITEMS], [1, 4]),
  segment: int32([0, 0, 0, -1], [1, 4]),
  target: int32([0, 3, 5, 0], [1, 4]),
  negative: int32([1, 2, 4, 0], [1, 4]),
  weight: float32([1, 1, 1, 0], [1, 4]),
};

beforeAll(() => tf.setBackend('cpu'));

/** Losses and the gradient of L_sm with respect to the item vectors. */
function losses(more: Values, c: EnvironmentConfig = config) {
  const values = tensors({ ...initDecoder(key(1), c.decoder), ...initEnvironment(key(2), c, 0) });
  const large = { ...values, 'item.id': tf.mul(values['item.id']!, 50) };
  const of = (table: tf.Tensor) =>
    environmentLosses({ ...large, 'item.id': table }, c, {}, tensors({ ...batch, ...more }));
  const gradient = tf.grad((table) => of(table).sm)(large['item.id']!);
  const { sm, rm, positive, negative } = of(large['item.id']!);
  return {
    ...{ sm: sm.dataSync()[0]!, rm: rm.dataSync()[0]!, gradient: [...gradient.dataSync()] },
    ...{ liked: [...positive.dataSync()], other: [...negative.dataSync()] },
  };
}

describe('the state loss over drawn items', () => {
  test('of all items, once each, it is the softmax over all, and so is its gradient', () => {
    const whole = losses({});
    const drawn = losses({ contrast: int32([5, 1, 0, 4, 2, 3]) });
    expect(drawn.sm).toBeCloseTo(whole.sm, 5);
    drawn.gradient.forEach((value, i) => {
      expect(value).toBeCloseTo(whole.gradient[i]!, 5);
    });
    expect(Math.hypot(...whole.gradient)).toBeGreaterThan(0.1);
  });

  test('an item that is drawn once stands for items / draws of them', () => {
    // Of 6 items: 3 draws of which each weighs 2; twice the same 3 draws weigh 1 each, the same in all.
    const three = losses({ contrast: int32([1, 2, 4]) });
    expect(losses({ contrast: int32([1, 2, 4, 1, 2, 4]) }).sm).toBeCloseTo(three.sm, 5);
    expect(three.sm).not.toBeCloseTo(losses({}).sm, 3);
  });
});

test('counting: a target is as popular as without its own row, all other items as they are; items repeat', () => {
  const c = { ...config, countFeatures: true };
  const counts = Int32Array.from([1, 4, 2, 7, 0, 3]);
  const values = tensors({
    ...initDecoder(key(1), c.decoder),
    ...initEnvironment(key(2), c, 0),
    ...{ 'memory.decay': float32([0]), 'memory.popularity': float32([0.3]), 'memory.repeat': float32([0.4]) },
  });
  const [popularity, fewer] = [counts, counts.map((n) => Math.max(n - 1, 0))].map((n) => toTensor(logPopularity(n)));
  // Items 0, 3, 5 after one another, then 3 again.
  const inputs = {
    ...batch,
    items: int32([ITEMS, 0, 3, 5], [1, 4]),
    segment: int32([0, 0, 0, 0], [1, 4]),
    target: int32([0, 3, 5, 3], [1, 4]),
    weight: float32([1, 1, 1, 1], [1, 4]),
  };
  for (const contrast of [undefined, int32([5, 1, 0, 4, 2, 3])]) {
    const given = tensors({ ...inputs, ...(contrast && { contrast }) });
    const { sm, states, table } = environmentLosses(values, c, { popularity, fewer }, given);
    const logits = tf.matMul(tf.reshape(states, [4, -1]), table, false, true).arraySync() as number[][];
    let sum = 0;
    logits.forEach((row, t) => {
      // Half per event; the weights are five times what is stored.
      for (const [j, item] of [0, 3, 5].slice(0, t).entries()) row[item]! += 2 * 0.5 ** (t - 1 - j);
      const own = inputs.target.data[t]!;
      row[own]! += 1.5 * (Math.log(counts[own]! - 1 + 0.3) - Math.log(counts[own]! + 0.3));
      sum += Math.log(row.reduce((all, x) => all + Math.exp(x), 0)) - row[own]!;
    });
    expect(sm.dataSync()[0]).toBeCloseTo(sum / 4, 4);
  }
});

describe('the reward loss', () => {
  test('is the mean over the negatives of a position, in the order in which they lie', () => {
    const [one, two] = [losses({}), losses({ negative: int32([5, 4, 2, 0], [1, 4]) })];
    const both = losses({ negative: int32([1, 2, 4, 0, 5, 4, 2, 0], [1, 8]) });
    expect(both.rm).toBeCloseTo((one.rm + two.rm) / 2, 6);
    expect(both.other.slice(0, 3)).toEqual(one.other.slice(0, 3).map((v) => expect.closeTo(v, 5)));
    expect(both.other.slice(4, 7)).toEqual(two.other.slice(0, 3).map((v) => expect.closeTo(v, 5)));
    expect(one.rm).not.toBeCloseTo(two.rm, 4);
    // By hand, from the rewards: -log sigmoid(R(a+) - R(a-)).
    const by = [0, 1, 2].map((t) => Math.log1p(Math.exp(one.other[t]! - one.liked[t]!)));
    expect(one.rm).toBeCloseTo((by[0]! + by[1]! + by[2]!) / 3, 5);
  });

  test('of several heads is the mean of their losses, not the loss of their mean', () => {
    const two = { ...config, rewardHeads: 2 };
    const found = losses({}, two);
    const ofMean = [0, 1, 2].map((t) => Math.log1p(Math.exp(found.other[t]! - found.liked[t]!)));
    // log(1 + exp(-x)) is convex.
    expect(found.rm).toBeGreaterThan((ofMean[0]! + ofMean[1]! + ofMean[2]!) / 3);
  });
});
