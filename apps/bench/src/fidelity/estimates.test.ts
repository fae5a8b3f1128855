import { expect, test } from 'vitest';
import { heldOut } from '../report/held-out.ts';
import { fidelityConclusions } from './conclusions.ts';
import { difference, estimate, estimateOn } from './estimates.ts';
import type { Measured } from './measure.ts';
import type { Role } from './subjects.ts';
import { mainTable, moreTable, rewardTable, shareTables } from './table.ts';

interface Rows {
  readonly rank: number[];
  readonly popular: number[];
  readonly cold?: number[];
}

/** A measured subject of four users with as many rows each. */
function subject(name: string, role: Role, { rank, popular, cold }: Rows, users = 1): Measured {
  const size = rank.length;
  const perRow = {
    row: Int32Array.from(rank.keys()),
    rank: Int32Array.from(rank),
    accuracyUniform: new Float64Array(size).fill(0.75),
    accuracyPopular: Float64Array.from(popular),
    precision: new Float64Array(size),
    cold: Uint8Array.from(cold ?? rank.map(() => 0)),
    user: Int32Array.from(rank, (_, row) => Math.floor((4 * row) / size)),
  };
  const calibration = { slope: 1, bins: [], ece: 0.04 };
  const both = { uniform: calibration, popular: calibration };
  const moments = { count: size, mean: 0, sd: 1 };
  return {
    subject: { name, role, users, how: { baseline: { type: 'popularity' } }, folder: name, resolved: null },
    fidelity: {
      name,
      rows: size,
      ndcg: 0,
      hr: 0,
      accuracyUniform: 0.75,
      accuracyPopular: 0,
      missing: 0,
      auc: { uniform: 0.7, popular: 0.6 },
      calibration: both,
      scaled: { uniform: { ...calibration, slope: 0.4, ece: 0.01 }, popular: calibration },
      reward: { uniform: moments, popular: moments, kinds: { click: moments } },
      precision: 0,
      precisionAt: [0],
      coverage: 0.25,
      popularity: { positives: 0.9, logged: 0.6 },
      cold: {
        rows: perRow.cold.reduce((a, b) => a + b, 0),
        ndcg: cold ? 0.5 : Number.NaN,
        accuracyUniform: cold ? 0.75 : Number.NaN,
      },
      perRow,
    },
    seconds: 1,
    fresh: true,
  };
}

const rows = (rank: number[], popular: number[]): Rows => ({ rank, popular });

test('estimates are means per row, of cold rows where those are asked for', () => {
  const one = subject('one', 'environment', { ...rows([1, 3, 11, 1], [1, 0.5, 0, 1]), cold: [0, 1, 1, 0] });
  expect(estimate(one, 'ndcg').value).toBeCloseTo((1 + 0.5 + 0 + 1) / 4, 12);
  expect(estimate(one, 'hr').value).toBe(3 / 4);
  expect(estimate(one, 'accuracyPopular').value).toBe(2.5 / 4);
  expect(estimate(one, 'coldNdcg')).toMatchObject({ value: 0.25, events: 2, users: 2 });
  expect(estimate(subject('none', 'environment', rows([1], [1])), 'coldNdcg').value).toBeNaN();
});

test('differences are paired', () => {
  const one = subject('one', 'environment', rows([1, 1, 3, 3], [1, 1, 1, 1]));
  const two = subject('two', 'counting control', rows([3, 3, 11, 11], [0.5, 0.5, 0.5, 0.5]));
  const by = difference(one, two, 'ndcg');
  expect(by.difference).toBeCloseTo(0.5, 12);
  expect(by.relative).toBeCloseTo(2, 12);
  expect(by.standardError).toBeCloseTo(0, 12);
});

/** The language model without a fit: some rows, no ranks. */
function unfitted(row: number[], popular: number[]): Measured {
  const measured = subject(
    'zero-shot',
    'language model',
    rows(
      row.map(() => 0),
      popular,
    ),
  );
  const { fidelity } = measured;
  const perRow = { ...fidelity.perRow, row: Int32Array.from(row), user: Int32Array.from(row) };
  return { ...measured, fidelity: { ...fidelity, ndcg: Number.NaN, perRow } };
}

test('a sample is compared on the rows that both have', () => {
  const one = subject('one', 'environment', rows([1, 3, 11, 1], [1, 0.8, 0.6, 0.4]));
  const two = unfitted([1, 3], [0.5, 0.5]);
  expect(difference(two, one, 'accuracyPopular')).toMatchObject({ events: 2, users: 2 });
  expect(difference(two, one, 'accuracyPopular').difference).toBeCloseTo(-0.1, 12);
  expect(difference(one, two, 'accuracyPopular').difference).toBeCloseTo(0.1, 12);
  expect(estimateOn(two, one, 'accuracyPopular').value).toBeCloseTo(0.6, 12);
  expect(estimate(two, 'ndcg').value).toBeNaN();
  expect(difference(one, two, 'ndcg').difference).toBeNaN();
});

test('the sentence about the language model without a fit compares it on its own decisions', () => {
  const all = [
    subject('LE', 'environment', rows([1, 3, 11, 1], [1, 0.8, 0.6, 0.4])),
    unfitted([1, 3], [0.5, 0.5]),
    subject('coin', 'counting control', rows([1, 3, 11, 1], [0, 1, 0, 1])),
  ];
  const said = fidelityConclusions(all, heldOut('user'));
  expect(said.at(-1)).toMatch(
    /^Without a fit, on a sample of 2 decisions: zero-shot prefers .* equally popular item in 50\.0 % .*; on the same decisions coin 100\.0 % \(−50\.0 points .*\), LE 60\.0 % \(−10\.0 points/,
  );
  const { head, rows: lines } = mainTable(all);
  expect(lines.map((line) => line[head.indexOf('decisions')])).toEqual(['4', '2', '4']);
  expect(lines[1]![head.indexOf('NDCG@10')]).toBe('–');
  expect(mainTable([all[0]!, all[2]!]).head).not.toContain('decisions');
});

test('the sentences say what won, what did not, and what of it is language', () => {
  const noisy = [1, 12, 1, 12, 12, 1, 12, 1];
  const all = [
    subject('LE', 'environment', { ...rows(noisy, [1, 1, 1, 1, 1, 1, 1, 0.8]), cold: [1, 0, 1, 0, 0, 0, 0, 0] }),
    subject('shuffled texts', 'language control', rows(noisy, [0.5, 0.6, 0.5, 0.4, 0.5, 0.6, 0.5, 0.5])),
    subject('popularity', 'counting control', rows([9, 12, 9, 12, 12, 9, 12, 9], Array(8).fill(0.4))),
    subject('co-occurrence', 'counting control', rows(Array(8).fill(1), Array(8).fill(0.6))),
    subject('coin', 'counting control', rows(noisy.toReversed(), Array(8).fill(0.5))),
  ];
  const said = fidelityConclusions(all, heldOut('user')).join('\n');
  expect(said).toMatch(/^LE: on 8 decisions of 4 held-out users, .* 75\.0 % .* to an equally popular item in 97\.5 %/);
  expect(said).toMatch(
    /NDCG@10\): LE has \.5000, ahead of popularity; not measurably different from coin; behind co-occurrence; against the best control, co-occurrence \(1\.0000\): −\.5000 \(−50 %/,
  );
  expect(said).toMatch(/accuracy\): LE has 97\.5 %, ahead of popularity, co-occurrence, coin;.*\+37\.5 points/);
  expect(said).toMatch(
    /LE over shuffled texts: NDCG@10 \+\.0000 .* no measurable difference; accuracy .* a gain from language/,
  );
  expect(said).toMatch(/overconfident \(slope 0\.40\) and gives an ECE of \.0100/);
  expect(said).toMatch(/cover 25\.0 % of the catalog and are more popular than the items that users chose/);
  expect(said).toMatch(/on 2 decisions for items that no fitted user interacted with, LE has NDCG@10 \.5000/);
});

test('of one user there are no intervals, and nothing is said of them', () => {
  const one = (name: string, role: Role, rank: number[]): Measured => {
    const measured = subject(name, role, { rank, popular: [0.5, 1], cold: [1, 1] });
    return {
      ...measured,
      fidelity: { ...measured.fidelity, perRow: { ...measured.fidelity.perRow, user: Int32Array.of(3, 3) } },
    };
  };
  const said = fidelityConclusions(
    [one('LE', 'environment', [1, 3]), one('coin', 'counting control', [3, 3])],
    heldOut('user'),
  ).join('\n');
  expect(said).not.toMatch(/NaN|interval/);
  expect(said).toMatch(/^LE: on 2 decisions of 1 held-out user, its reward .* in 75\.0 % of comparisons and to/);
  expect(said).toMatch(
    /Cold items: .* \(best control: coin, \.5000; \+\.2500\) .* 75\.0 % \(best control: coin, 75\.0 %; \+0\.0 points\)/,
  );
});

test('decisions are said to be what the split holds out', () => {
  const all = [subject('LE', 'environment', rows([1, 3, 1, 3], [1, 1, 1, 1]))];
  const said = (kind: string): string => fidelityConclusions(all, heldOut(kind)).join('\n');
  for (const kind of ['user', 'user-lists']) expect(said(kind)).toContain('4 decisions of 4 held-out users');
  expect(said('leave-one-out')).toContain('4 held-out decisions (the last ones of 4 users)');
  expect(said('time')).toContain('4 held-out decisions (the latest ones of 4 users)');
  for (const kind of ['leave-one-out', 'time']) expect(said(kind)).not.toMatch(/held-out users|validation users/);
});

test('confidence is read from the slope, whose sign says the direction', () => {
  const said = (slope: number): string => {
    const measured = subject('LE', 'environment', rows([1, 3], [1, 1]));
    const { fidelity } = measured;
    const scaled = { ...fidelity.scaled!, uniform: { ...fidelity.scaled!.uniform, slope } };
    return fidelityConclusions([{ ...measured, fidelity: { ...fidelity, scaled } }], heldOut('user')).join('\n');
  };
  expect(said(0.5)).toContain('is overconfident (slope 0.50)');
  expect(said(2)).toContain('is underconfident (slope 2.00)');
  expect(said(-0.5)).toContain('is inverted (slope -0.50)');
});

test('what is not known is a dash, and the calibration of single rewards has a column where there is one', () => {
  const measured = subject('one', 'environment', rows([1, 3], [1, 1]));
  const kinds = { click: { count: 0, mean: Number.NaN, sd: Number.NaN } };
  const reward = { ...measured.fidelity.reward, kinds };
  const probabilities = { slope: 1, intercept: 0, bins: [], ece: 0.02 };
  const known = { ...measured, fidelity: { ...measured.fidelity, reward, probabilities } };
  expect(rewardTable([known]).rows).toEqual([['one', '–', '0.00']]);
  const { head, rows: lines } = moreTable([known, measured]);
  const column = head.indexOf('ECE single');
  expect(lines.map((line) => line[column])).toEqual(['.0200', '–']);
  expect(moreTable([measured]).head).not.toContain('ECE single');
});

test('tables: the best of a column, missing numbers', () => {
  const one = subject('one', 'environment', { ...rows([1, 1], [1, 1]), cold: [1, 0] });
  const two = subject('two', 'counting control', rows([2, 2], [1, 1]));
  const { head, rows: lines, best } = mainTable([two, one]);
  const column = head.indexOf('cold NDCG@10');
  expect(lines.map((line) => line[column])).toEqual(['–', '.5000']);
  expect(best.get(column)).toBe(1);
});

test('several shares of the users have a table per measure, with a column per share; one share has none', () => {
  const few = [
    subject('one', 'environment', rows([1, 3], [0.5, 1]), 0.005),
    subject('two', 'counting control', rows([1, 1], [0.5, 0.5]), 0.005),
  ];
  const all = [
    subject('one', 'environment', rows([1, 1], [1, 1]), 0.2),
    subject('two', 'counting control', rows([3, 3], [1, 0.5]), 0.2),
  ];
  const [ranking, accuracy, precision] = shareTables([...few, ...all]);
  expect(ranking).toEqual({
    head: ['NDCG@10', '0.5 %', '20 %'],
    rows: [
      ['one', '.7500', '1.0000'],
      ['two', '1.0000', '.5000'],
    ],
    best: new Map([
      [1, 1],
      [2, 0],
    ]),
  });
  expect(accuracy!.rows).toEqual([
    ['one', '.7500', '1.0000'],
    ['two', '.5000', '.7500'],
  ]);
  expect(precision!.head[0]).toBe('precision@10');
  expect(shareTables(few)).toEqual([]);
  // What is about one share says so.
  expect(mainTable(few).head[0]).toBe('subject, 0.5 % of users');
  expect(fidelityConclusions(all, heldOut('user'))[0]).toMatch(/^one, 20 % of users: on 2 decisions/);
});

test('without counting controls nothing is compared with them', () => {
  const alone = [subject('LE', 'environment', { ...rows([1, 3], [1, 1]), cold: [1, 1] })];
  const said = fidelityConclusions(alone, heldOut('user')).join('\n');
  expect(said).not.toMatch(/ahead of|behind|best control|has [.\d]+ ?%?, [.;]/);
  expect(said).not.toContain('State ranking');
  expect(said).toContain('Cold items: on 2 decisions');
});
