import { expect, test } from 'vitest';
import type { TrialRecord } from '../experiment/trial.ts';
import { bench } from '../testing/bench.ts';
import type { Found } from './found.ts';
import { searchTable } from './table.ts';
import { searchFolder } from './testing.ts';

const lr = { from: 0.0001, to: 0.1, scale: 'log' as const };
const search = {
  method: 'random' as const,
  trials: 1,
  budget: { steps: 4 },
  runs: { CE: { 'agent.lr': lr, 'train.batch': [8, 16], k: { from: 0, to: 100 } } },
};

/** What a search of one run has found. */
function foundWith(setting: Record<string, unknown>, isRising = false): Found {
  const best = { setting, value: 0.2, metric: 'ndcg@10' } as unknown as TrialRecord;
  const planned = { search, rungs: [{ trials: 1, share: 1 }], prepared: { experiment: { seeds: [0] } } };
  const method = { name: 'CE', best, isFinished: true, isRising, diverged: 0, steps: 4, seconds: 1 };
  return { planned, methods: [method], records: [best], missing: [] } as unknown as Found;
}

test('a best value within 5 % of an end of its range, on its scale, is warned of', () => {
  const warned = (setting: Record<string, unknown>) =>
    searchTable(foundWith(setting), [{ name: 'CE' }]).notes!.filter((note) => note.includes('range'));
  const middle = { 'agent.lr': 0.003, 'train.batch': 8, k: 50 };
  expect(warned(middle)).toEqual([]);
  // Three decades: 5 % are a factor of 1.41.
  expect(warned({ ...middle, 'agent.lr': 0.00015 })).toEqual([]);
  expect(warned({ ...middle, 'agent.lr': 0.00014 })).toEqual([
    'CE: the best agent.lr, 0.00014, is near the end 0.0001 of its range. A wider range may give better results.',
  ]);
  expect(warned({ ...middle, 'agent.lr': 0.08, k: 94 })).toEqual([expect.stringContaining('near the end 0.1 of')]);
  expect(warned({ ...middle, k: 95.5 })).toEqual([expect.stringContaining('best k, 95.5, is near the end 100')]);
});

test('a winner that was still improving at its budget is marked', () => {
  const [still, done] = [true, false].map((rising) => searchTable(foundWith({ 'agent.lr': 0.003 }, rising), []));
  expect([still!.rows[0]![0], done!.rows[0]![0]]).toEqual(['CE ↑', 'CE']);
  expect(still!.notes!.join()).toContain('↑ The best trial stopped at its budget');
  expect(done!.notes!.join()).not.toContain('↑');
});

test('lines of progress tell the setting, and the command marks what was still improving', async () => {
  const folder = searchFolder(
    [
      {
        name: 'CE',
        agent: { type: 'ce', encoder: { type: 'gru4rec', width: 8 } },
        train: { batch: 16, evaluateEvery: 10 },
      },
    ],
    { method: 'random', trials: 2, budget: { steps: 20 }, runs: { CE: { 'agent.lr': [0.002, 1e30] } } },
    { baselines: [], dataset: { type: 'world', users: 60, items: 30 } },
  );
  for (const jobs of ['1', '2']) {
    const { stdout, stderr } = await bench(['search', 'mini.json', '--runs', `runs-${jobs}`, '--jobs', jobs], folder);
    expect(stderr).toMatch(/CE #\d: validation NDCG@10 \.\d{4}, agent\.lr 0\.002 \(/);
    expect(stderr).toMatch(/CE #\d: diverged, agent\.lr 1e\+30 \(/);
    expect(stdout).toContain('CE ↑');
  }
});
