import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { augment } from '../losses/augment.ts';
import { batchValues } from '../testing/decisions.ts';
import { keyTensor, tensors } from '../testing/tensors.ts';
import { ccql } from './ccql.ts';
import { sac } from './sac.ts';
import { decisions, encoder, list, mean, scores, setUp, shape, statesOf, value } from './testing.ts';

test('without contrast it is SAC with CQL at a temperature', () => {
  const { run, params, batch } = setUp(ccql({ encoder, contrastiveWeight: 0 }));
  const theirs = setUp(sac({ encoder })).run();
  const q = scores(statesOf(params, batch), params['q.weight']);
  const penalty = q.map((row, i) => {
    const sum = row.reduce((total, x) => total + Math.exp(x / 0.5), 0);
    return 0.5 * Math.log(sum) - row[decisions[i]!.action]!;
  });
  list(run().terms.cql).forEach((x, i) => {
    expect(x).toBeCloseTo(penalty[i]!, 5);
  });
  expect(value(run().loss)).toBeCloseTo(value(theirs.loss) + 0.01 * mean(penalty), 5);
  expect(run().terms.contrast).toBeUndefined();
});

test.each(['permute', 'crop', 'mask'] as const)('%s: InfoNCE of the states and of those of the other view', (kind) => {
  const agent = ccql({ encoder, contrastiveWeight: 2, augmentation: kind });
  const { run, params, batch } = setUp(agent);
  const { loss, terms, metrics } = run();
  const other = augment({ items: batch.items!, length: batch.length! }, kind, keyTensor(0), shape.items);
  const views = [statesOf(params, batch), statesOf(params, { ...batch, items: other.items })];
  const z = views.flatMap((view) => view.arraySync());
  const cosine = (a: number[], b: number[]) => {
    const product = (x: number[], y: number[]) => x.reduce((sum, v, i) => sum + v * y[i]!, 0);
    // The empty history's state is zero at first.
    return product(a, b) / Math.sqrt(product(a, a) * product(b, b)) || 0;
  };
  const one = (i: number, positive: number) => {
    const rest = z.flatMap((v, j) => (j === i ? [] : [Math.exp(cosine(z[i]!, v) / 0.07)]));
    return Math.log(rest.reduce((a, b) => a + b)) - cosine(z[i]!, z[positive]!) / 0.07;
  };
  list(terms.contrast).forEach((x, i) => {
    expect(x).toBeCloseTo((one(i, i + 3) + one(i + 3, i)) / 2, 3);
  });
  const without = value(setUp(ccql({ encoder, contrastiveWeight: 0 })).run().loss);
  expect(value(metrics['loss/contrast'])).toBeCloseTo(mean(list(terms.contrast)), 4);
  expect(value(loss)).toBeCloseTo(without + 2 * mean(list(terms.contrast)), 3);
});

test('both phases contrast; only the second weights the supervised term', () => {
  const { run } = setUp(ccql({ encoder }));
  const [warm, actor] = [run({ phase: 'warmup' }), run({ phase: 'actor' })];
  expect(list(warm.terms.contrast)).toEqual(list(actor.terms.contrast));
  const q = list(actor.terms.q);
  list(actor.terms.ce).forEach((x, i) => {
    expect(x).toBeCloseTo(q[i]! * list(warm.terms.ce)[i]!, 5);
  });
});

test('rows are compared with the others of the batch, in the contrastive term only', () => {
  const { run, batch } = setUp(ccql({ encoder }));
  const { terms } = run();
  const changed = tensors(batchValues([decisions[0]!, decisions[1]!, { history: [4, 4], action: 3 }], shape));
  const others = run({ batch: { ...batch, ...changed } }).terms;
  for (const name of ['ce', 'td', 'cql', 'q']) {
    expect(list(others[name]).slice(0, 2), name).toEqual(list(terms[name]).slice(0, 2));
  }
  expect(list(others.contrast)[1]).not.toBeCloseTo(list(terms.contrast)[1]!, 3);
  const alone = Object.fromEntries(Object.entries(batch).map(([n, x]) => [n, tf.slice(x, 1, 1)]));
  expect(value(run({ batch: alone }).terms.contrast)).toBeCloseTo(0, 4);
});

test('the contrastive term reaches the states through both views, not the heads', () => {
  const diff = (name: string) => {
    const grads = (contrastiveWeight: number) => setUp(ccql({ encoder, contrastiveWeight })).grads()[name]!;
    const [with1, without] = [grads(1), grads(0)];
    return Math.max(...with1.map((g, i) => Math.abs(g - without[i]!)));
  };
  expect(diff('emb.weight')).toBeGreaterThan(1e-3);
  expect(diff('q.weight')).toBeLessThan(1e-6);
  expect(diff('ce.weight')).toBeLessThan(1e-6);
});

test('options out of range are refused', () => {
  expect(() => ccql({ encoder, cqlTemperature: 0 })).toThrow(/cqlTemperature must be a finite number/);
  expect(() => ccql({ encoder, contrastiveTemperature: 0 })).toThrow(/contrastiveTemperature must be a finite number/);
  expect(() => ccql({ encoder, contrastiveWeight: -1 })).toThrow(/contrastiveWeight must be a finite number/);
  expect(() => ccql({ encoder, augmentation: 'permutation' as never })).toThrow(/invalid value for augmentation/);
});
