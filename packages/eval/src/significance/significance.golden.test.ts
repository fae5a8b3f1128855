import { expect, it } from 'vitest';
import { evaluationOf } from '../testing/evaluation.ts';
import { expectEqual, reference } from '../testing/reference.ts';
import { compareSeeds } from './compare-seeds.ts';
import { normalTails, studentReach, studentTails } from './distributions.ts';
import { permutationTest } from './resampling.ts';
import { wilcoxon } from './wilcoxon.ts';

const { differences, p, freedom } = reference.given;
const { scipy } = reference.values;

it('chances and bounds of the distributions equal SciPy', () => {
  expectEqual(p.map(normalTails), scipy.normal, 'normal');
  expectEqual(freedom.map((own) => p.map((t) => studentTails(t, own))), scipy.student, 'student'); // biome-ignore format: one line
  const reach = freedom.map((own) => [0.1, 0.05, 0.001].map((tails) => studentReach(tails, own)));
  expectEqual(reach, scipy.reach, 'reach');
  // Relative to the chance, which may be tiny.
  expect(normalTails(p[4]!) / scipy.normal[4]!).toBeCloseTo(1, 9);
});

it.each([
  [10, 10_000, 1.963280742866382e-23],
  [40, 199, 4.3394585669291187e-97],
  [8, 1_000_000, 1.2455063433202503e-15],
])('small chances keep their digits: t %d with %d degrees of freedom', (t, own, chance) => {
  expect(studentTails(t, own) / chance).toBeCloseTo(1, 8);
});

it.each(Object.keys(differences))('wilcoxon equals SciPy: %s', (name) => {
  const { statistic, p: chance } = wilcoxon(differences[name]!);
  expectEqual({ statistic, p: chance }, scipy.wilcoxon[name], name);
});

it.each(Object.keys(scipy.permutation))('the exact permutation test equals SciPy: %s', (name) => {
  const values = Float64Array.from(differences[name]!);
  const { p: chance, exact } = permutationTest(values, Int32Array.from(values.keys()));
  expect(exact).toBe(true);
  expectEqual(chance, scipy.permutation[name], name);
});

it.each(Object.keys(differences))('the t-test over seeds equals SciPy: %s', (name) => {
  // With a metric that is the rank itself, a run of one event has any difference.
  const own = differences[name]!;
  const [a, b] = [own.map((value) => value + 100), own.map(() => 100)].map((ranks) =>
    ranks.map((rank) => evaluationOf([rank])),
  );
  const { p: chance, interval } = compareSeeds(a!, b!, { metric: 'rank@1', confidence: 0.9 });
  expectEqual({ p: chance, interval }, scipy.t[name], name);
});
