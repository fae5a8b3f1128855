import { expect, it } from 'vitest';
import { expectEqual, reference } from '../testing/reference.ts';
import { referenceLists, trainRows } from '../testing/reference-lists.ts';
import { listMetrics } from './list-metrics.ts';

const { items, vectors } = reference.given;
const text = { shape: [items, vectors[0]!.length], data: vectors.flat() };
const of = (per: 'user' | 'event') => listMetrics(referenceLists(per), trainRows, { ks: [1, 3, 10], vectors: text });

it.each([
  ['rectools', 'user', 3 * 11 - 1],
  ['rectools', 'event', 3 * 11 - 1],
  ['ranx', 'user', 3 * 6],
  ['ranx', 'event', 3 * 6],
] as const)('equals %s, one list per %s', (library, per, count) => {
  const { metrics, values } = of(per);
  const wanted = Object.entries(reference.values[library][per]);
  expect(wanted).toHaveLength(count);
  for (const [name, value] of wanted)
    expectEqual(typeof value === 'number' ? metrics[name] : [...values[name]!], value, name);
});

it('the Gini index and the popularity lift, which neither library has, equal other formulas of NumPy', () => {
  const { metrics, userMetrics } = of('user');
  const wanted = Object.entries(reference.values.neither.user);
  expect(wanted).toHaveLength(6);
  for (const [name, value] of wanted) {
    expectEqual(metrics[name], value, name);
    // One list per user.
    expectEqual(userMetrics[name], value, name);
  }
});

it('means are those of the values of the lists, and users count the same in the means of users', () => {
  const { metrics, userMetrics, values, user } = of('event');
  for (const [name, column] of Object.entries(values).filter(([given]) => given !== 'similarity@1')) {
    const mean = (own: readonly number[]): number => own.reduce((sum, value) => sum + value, 0) / own.length;
    expectEqual(metrics[name], mean([...column]), name);
    const byUser = Map.groupBy(column.keys(), (list) => user[list]!);
    expectEqual(
      userMetrics[name],
      mean([...byUser.values()].map((own) => mean(own.map((list) => column[list]!)))),
      name,
    );
  }
  expect(userMetrics['recall@10']).not.toBeCloseTo(metrics['recall@10']!, 3);
  expect(metrics['similarity@1']).toBeNaN();
});
