import { readFile } from 'node:fs/promises';
import { type Scorer, type Split, splitByUserLists, type Transitions } from '@lea/data';
import { readInteractions } from '@lea/data/node';
import { describe, expect, it } from 'vitest';
import { evaluate } from '../evaluate.ts';
import { goldenPath } from '../testing/golden.ts';
import { coOccurrence } from './co-occurrence.ts';
import { lastItemMarkov } from './last-item-markov.ts';
import { popularity } from './popularity.ts';
import { repeatHistory } from './repeat-history.ts';

interface Expected {
  readonly sequences: number;
  readonly items: number;
  readonly rows: readonly number[];
  readonly test: Record<string, Record<string, number>>;
}

const files: Record<string, string> = {
  scientific: 'industrial_and_scientific/Scientific.test.inter',
  lastfm: 'lastfm_hetrec/lastfm.inter',
};

const baselines: Record<string, { fit: (train: Transitions) => Scorer; tolerance: number }> = {
  pop: { fit: popularity, tolerance: 1e-12 },
  repeat: { fit: repeatHistory, tolerance: 1e-12 },
  markov: { fit: lastItemMarkov, tolerance: 1e-12 },
  // Near ties depend on the order of summation.
  coOccurrence: { fit: coOccurrence, tolerance: 1e-9 },
};

const expected = JSON.parse(await readFile(goldenPath('baselines/expected.json'), 'utf8')) as Record<string, Expected>;
const data = process.env.LEA_DATA;

it('has reference values of both data sets', () => {
  expect(Object.keys(expected).sort()).toEqual(Object.keys(files).sort());
  const metrics = ['hr', 'ndcg'].flatMap((measure) => [5, 10, 20].map((k) => `${measure}${k}`)).sort();
  for (const { test } of Object.values(expected)) {
    expect(Object.keys(test).sort()).toEqual(Object.keys(baselines).sort());
    for (const values of Object.values(test)) expect(Object.keys(values).sort()).toEqual(metrics);
  }
});

describe.skipIf(!data).each(Object.keys(files))(
  '%s (skipped unless LEA_DATA is the folder of the data sets)',
  (name) => {
    let split: Promise<Split> | undefined;
    const wanted = expected[name]!;

    it('has the counted sequences, items and rows', async () => {
      split ??= load(name);
      const { train, validation, test } = await split;
      expect(train.sequences.userIds).toHaveLength(wanted.sequences);
      expect(train.sequences.itemIds).toHaveLength(wanted.items);
      expect([train.count, validation.count, test.count]).toEqual(wanted.rows);
    });

    it.each(Object.entries(baselines))('%s', async (baseline, { fit, tolerance }) => {
      split ??= load(name);
      const { train, test } = await split;
      const { metrics } = await evaluate(fit(train), test);
      for (const [metric, value] of Object.entries(wanted.test[baseline]!)) {
        const given = metrics[metric.replace(/\d/, (digit) => `@${digit}`)]!;
        expect(Math.abs(given - value), `${metric}: ${given} for ${value}`).toBeLessThanOrEqual(tolerance);
      }
    });
  },
);

async function load(name: string): Promise<Split> {
  const lists = JSON.parse(await readFile(goldenPath(`baselines/${name}.split.json`), 'utf8')) as {
    validation: string[];
    test: string[];
  };
  return splitByUserLists(await readInteractions(`${data}/${files[name]}`), lists);
}
