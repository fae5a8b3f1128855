import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { valid } from '../testing/configs.ts';
import { check, loadExperiment } from './load.ts';
import { presets } from './presets/index.ts';

/** Where a config has a number, by path, and a config that has one there. */
function numbersOf(config: unknown, path: readonly string[] = []): string[][] {
  if (typeof config === 'number') return [[...path]];
  if (typeof config !== 'object' || config === null) return [];
  return Object.entries(config).flatMap(([key, value]) => numbersOf(value, [...path, key]));
}

const full = JSON.parse(
  JSON.stringify({
    ...presets.industrial,
    dataset: { type: 'world', seed: 1, users: 50, items: 20 },
    split: { type: 'by-user', seed: 1, fractions: [0.8, 0.1, 0.1] },
    threads: 1,
    ks: [5],
    baselines: [
      {
        type: 'stan',
        neighbors: 5,
        sample: 5,
        positionScale: 1,
        ageScale: 1,
        distanceScale: 1,
        backward: 1,
        repeat: 0,
      },
      { type: 'ease', regularization: 1, decay: 1 },
      { type: 'item-knn', countPower: 0.5, neighbors: 3 },
      {
        type: 'counting-memory',
        horizon: 3,
        neighbors: 3,
        textNeighbors: 3,
        gateRows: 3,
        gateSteps: 3,
        smoothing: 1,
        textPower: 1,
      },
    ],
    environments: {
      language: {
        itemInput: 'id+text',
        languageModel: {
          vocabSize: 300,
          width: 8,
          layers: 1,
          heads: 2,
          kvHeads: 2,
          mlpWidth: 8,
          context: 8,
          epochs: 1,
          batch: 4,
          lr: 0.1,
          reconstructionShare: 0.5,
          validationShare: 0.1,
        },
        itemTokens: { batch: 4, steps: 2, lr: 0.1, tolerance: 0.1, anchorWeight: 1 },
        fit: {
          window: 5,
          batch: 4,
          epochs: 1,
          sampledItems: 3,
          negatives: 1,
          rewardHeads: 2,
          patience: 1,
          textMemoryWidth: 2,
          userShare: 0.5,
          dropout: 0.1,
          rewardLossWeight: 1,
          lr: 0.1,
          adaptation: { rank: 2, alpha: 4 },
        },
        folds: 2,
      },
    },
    runs: [
      {
        name: 'CE',
        agent: {
          type: 'snqn',
          gamma: 0.5,
          tdWeight: 1,
          lr: 0.1,
          cqlWeight: 0,
          encoder: { type: 'sasrec', width: 8, dropout: 0.1 },
        },
        train: { batch: 4, evaluateEvery: 2, patience: 1, maxSteps: 2 },
        memory: { horizon: 3, smoothing: 1 },
        environment: 'language',
        positivesWeight: 1,
        k: 2,
        temperature: 1,
        rewardMix: 0.5,
        shortlist: 5,
        popularityCorrection: 1,
        pessimism: 1,
      },
    ],
  }),
);

test('no number of a config is Infinity, NaN or a text', () => {
  expect(() => check(full, 'f.json')).not.toThrow();
  const places = numbersOf(full);
  expect(places.length).toBeGreaterThan(70);
  const bad = fc.constantFrom(Infinity, -Infinity, Number.NaN, '1', true, null);
  fc.assert(
    fc.property(fc.constantFrom(...places), bad, (path, value) => {
      const config = structuredClone(full);
      const holder = path.slice(0, -1).reduce((at, key) => at[key], config);
      holder[path.at(-1)!] = value;
      expect(() => check(config, 'f.json'), path.join('.')).toThrow(expect.objectContaining({ name: 'LeaError' }));
    }),
    { numRuns: 600 },
  );
});

test('1e400 in a config file is refused by name', async () => {
  const path = join(mkdtempSync(join(tmpdir(), 'lea-config-')), 'c.json');
  writeFileSync(path, JSON.stringify({ ...valid(), rewards: { click: 7777 } }).replace('7777', '1e400'));
  await expect(loadExperiment(path)).rejects.toThrow(/at rewards\.click/);
});
