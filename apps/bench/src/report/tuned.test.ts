import { expect, test } from 'vitest';
import { tuningSentences } from './tuned.ts';

test('tells which runs were tuned, which were not, and which have a tuned network', () => {
  const tuned = { method: 'random', trials: 3, budget: { epochs: 20 }, seed: 0, runs: ['SASRec'] } as const;
  const runs = [
    { name: 'SASRec' },
    { name: 'GRU4Rec' },
    { name: 'SASRec + memory', network: 'SASRec' },
    { name: 'GRU4Rec + memory', network: 'GRU4Rec' },
  ];
  expect(tuningSentences({ tuned: { ...tuned, runs: [...tuned.runs] }, runs })).toEqual([
    'SASRec: tuned by 3 trials on validation, by random search, at most 20 epochs per trial.',
    'Not tuned: GRU4Rec.',
    'Not tuned, but with a tuned network: SASRec + memory.',
  ]);
  expect(tuningSentences({ runs } as never)).toEqual([]);
});

test('a pair of which only one is tuned is warned of, whichever it is', () => {
  const runs = [
    { name: 'CE' },
    { name: 'SNQN', base: 'CE' },
    { name: 'SQN', base: 'CE', controlRun: ['SNQN', 'CE'] },
    { name: 'CE + memory', base: 'CE', network: 'CE' },
    { name: 'SNQN + memory', base: 'SNQN', network: 'SNQN' },
  ];
  const tuned = { method: 'random', trials: 1, budget: { epochs: 1 }, seed: 0, runs: ['CE', 'SQN'] };
  expect(tuningSentences({ tuned, runs } as never).slice(1)).toEqual([
    'Not tuned: SNQN.',
    'Not tuned, but with a tuned network: CE + memory.',
    'Compared, but only the first is tuned, so a difference may come from tuning: CE and SNQN, SQN and SNQN.',
  ]);
});

test('a run whose trials all diverged is told, and one trial is no trials', () => {
  const runs = [{ name: 'SASRec' }, { name: 'SQN' }, { name: 'plain' }];
  const tuned = { method: 'random', trials: 1, budget: { epochs: 1 }, seed: 0, runs: ['SASRec'], diverged: ['SQN'] };
  expect(tuningSentences({ tuned, runs } as never)).toEqual([
    'SASRec: tuned by 1 trial on validation, by random search, at most 1 epoch per trial.',
    'SQN has its own options, because all of its trials diverged.',
    'Not tuned: plain.',
  ]);
});
