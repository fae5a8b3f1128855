import { expect, test } from 'vitest';
import type { RunConfig } from '../config/schema.ts';
import { finishedRun as run } from '../testing/finished-run.ts';
import { conclusions } from './conclusions.ts';
import { coverageNotes, formatResults, resultsOf } from './formats.ts';
import { resultTable } from './table.ts';

const memory = { baseline: { type: 'counting-memory' } };
const configs: RunConfig[] = ['CE', 'GRU'].map((network) => ({ name: `${network} + memory`, network }));

const fused = (name: string, seed: number, weight: number, validation = 0.5) =>
  run(name, 'run', 2, [3], {
    seed,
    validation,
    config: { config: { name, network: { config: { name: 'CE' } } } },
    memory: { hash: 'm', seconds: 1, fusion: { form: 'after', weight } as never },
  });

test('a run of which validation chose weight 0 for the network is called the memory alone, without an interval over seeds', () => {
  const runs = [
    run('EASE', 'baseline', 4, [2]),
    run('counting memory', 'baseline', 2, [4], memory),
    ...[0, 1].map((seed) => fused('CE + memory', seed, 0)),
    ...[0, 1].map((seed) => fused('GRU + memory', seed, 0.1 * seed, 0.1)),
  ];
  const said = conclusions(runs, configs, []);
  expect(said[0]).toContain(
    'The best trained policy by validation NDCG@10 is CE + memory, which is the memory alone: ',
  );
  expect(said.join()).not.toContain('seeds of training');
  expect(said).toContain(
    'Validation chose weight 0 for the network of CE + memory, GRU + memory (1 of 2 seeds), which leaves the memory alone.',
  );
  const { rows, notes } = resultTable(runs);
  expect(rows.map(([name]) => name)).toEqual(['EASE', 'counting memory', 'CE + memory ∅', 'GRU + memory ∅']);
  expect(notes).toContain(
    '∅ Validation chose weight 0 for the network, which leaves the memory alone: CE + memory, GRU + memory (1 of 2 seeds).',
  );
  expect(resultTable([fused('CE + memory', 0, 0.1)]).rows[0]![0]).toBe('CE + memory');
});

test('a run with the network of one that was still improving has its mark', () => {
  const point = (step: number) => ({ step, value: 0.1 }) as never;
  const training = (best: number) => ({
    config: { config: { name: 'CE', train: { maxSteps: 20 } } },
    training: { steps: 20, best: point(best), curve: [best, 20].map(point), parameters: 1 },
  });
  const names = (best: number) =>
    resultTable([run('CE', 'run', 3, [], training(best)), fused('CE + memory', 0, 0.3)]).rows.map(([name]) => name);
  expect(names(20)).toEqual(['CE ↑', 'CE + memory ↑']);
  expect(names(10)).toEqual(['CE', 'CE + memory']);

  // Tables for other programs have the same marks.
  const runs = [run('CE', 'run', 3, [], training(20)), fused('CE + memory', 0, 0), fused('CE + memory', 1, 0.3)];
  const results = resultsOf(runs, ['hr@10'], [], 2);
  expect(formatResults(results, 'csv')).toMatch(/^CE,.*,true,0\nCE \+ memory,.*,true,1\n$/m);
  const notes = coverageNotes(runs, [], 2);
  expect(notes.slice(1)).toEqual([
    expect.stringContaining('↑ Training stopped at maxSteps'),
    expect.stringContaining(
      '∅ Validation chose weight 0 for the network, which leaves the memory alone: CE + memory (1 of 2',
    ),
  ]);
  expect(formatResults(results, 'markdown', notes)).toMatch(/^\| CE ↑ \(1 of 2 seeds\) \|.*\n\| CE \+ memory ↑ ∅ \|/m);
  expect(formatResults(results, 'latex', notes)).toContain('\nCE + memory $\\uparrow$ $\\emptyset$ & ');
});
