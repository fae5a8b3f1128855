import { expect, test } from 'vitest';
import { sasrec } from '../encoders/sasrec.ts';
import { dqnNs } from './dqn-ns.ts';
import { snqn } from './snqn.ts';
import { encoder, list, mean, scores, setUp, statesOf, value } from './testing.ts';

test('SNQN without its supervised term', () => {
  const { run } = setUp(dqnNs({ encoder, negatives: 2, negativeReward: 0, tdWeight: 2 }));
  const theirs = setUp(snqn({ encoder, negatives: 2, tdWeight: 2 })).run();
  expect(value(run().loss)).toBeCloseTo(value(theirs.loss) - value(theirs.metrics['loss/ce']), 5);
  expect(run().terms.ce).toBeUndefined();
});

test('negatives are rewarded with -1', () => {
  const plain = setUp(dqnNs({ encoder, negatives: 2, negativeReward: 0 })).run().terms;
  const { terms } = setUp(dqnNs({ encoder, negatives: 2 })).run();
  list(terms.yNegative).forEach((y, i) => {
    expect(y).toBeCloseTo(list(plain.yNegative)[i]! - 1, 6);
  });
  expect(list(terms.y)).toEqual(list(plain.y));
});

test('learns from the last state alone, also on encoders with a loss at every position', () => {
  const every = sasrec({ width: 4, dropout: 0, everyPosition: true });
  const refused = () => {
    throw new Error('all states were asked for');
  };
  const { run } = setUp(dqnNs({ encoder: { ...every, encodeAll: refused }, negatives: 2 }));
  expect(value(run().loss)).toBeCloseTo(value(setUp(dqnNs({ encoder, negatives: 2 })).run().loss), 5);
});

test('has no supervised head and ranks by Q', () => {
  const agent = dqnNs({ encoder });
  const { params, batch, run } = setUp(agent);
  expect('ce.weight' in params).toBe(false);
  const ranked = agent.score(params, { items: batch.items!, length: batch.length! }).arraySync();
  ranked.forEach((row, i) => {
    row.forEach((x, item) => {
      expect(x).toBeCloseTo(scores(statesOf(params, batch), params['q.weight'])[i]![item]!, 5);
    });
  });
  expect(value(run().metrics['q/mean'])).toBeCloseTo(mean(list(run().terms.q)), 6);
  expect(() => dqnNs({ encoder, rankingHead: 'supervised' })).toThrow(/without a supervised head/);
  expect(() => dqnNs({ encoder, bcqThreshold: 0.2 })).toThrow(/without a supervised head/);
  expect(() => dqnNs({ encoder, loss: 'gbce' })).toThrow(/gbce cannot be used without a supervised head/);
  expect(() => dqnNs({ encoder, calibration: 0.75 })).toThrow(/calibration cannot be used without a supervised head/);
});
