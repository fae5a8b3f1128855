import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import type { Transitions } from '@lea/data';
import { defineBaseline, findBaseline } from '@lea/eval';
import { offPolicyValue } from '@lea/eval/off-policy';
import { afterAll, expect, test } from 'vitest';
import { check } from '../config/load.ts';
import { softmaxOf } from '../experiment/logged.ts';
import { collect, finishedRuns } from '../jobs/collect.ts';
import { planExperiment } from '../jobs/planned.ts';
import { type Ran, runExperiment } from '../jobs/run.ts';
import { formatResults, resultsOf } from './formats.ts';
import { offPolicyOf } from './off-policy.ts';
import { offPolicySentence, offPolicyTable, withEstimates } from './off-policy-table.ts';
import { renderTable } from './table.ts';

const out = new Writable({ write: (_chunk, _encoding, done) => done() }) as NodeJS.WriteStream;
const { signal } = new AbortController();
const runs = mkdtempSync(join(tmpdir(), 'lea-off-policy-'));
afterAll(() => rmSync(runs, { recursive: true }));

/** Popularity, which prefers what is bought more often than clicked, or the opposite. */
function preferring(type: string, sign: 1 | -1): void {
  const scores = ({ sequences, event }: Transitions): Float64Array => {
    const [counts, bought] = [new Float64Array(sequences.itemIds.length), new Float64Array(sequences.itemIds.length)];
    for (const e of event) {
      counts[sequences.items[e]!]!++;
      if (sequences.kinds[sequences.kind[e]!] === 'purchase') bought[sequences.items[e]!]!++;
    }
    return counts.map((n, item) => Math.log(n + 1) + (2 * sign * (bought[item]! + 1)) / (n + 4));
  };
  defineBaseline({
    type,
    schema: {},
    build(train) {
      const own = scores(train);
      const score = ({ size }: { size: number }) =>
        Float64Array.from({ length: size * own.length }, (_, i) => own[i % own.length]!);
      return { name: type, items: own.length, window: 1, score };
    },
  });
}
preferring('bought', 1);
preferring('clicked', -1);

function experiment(rewards: Record<string, number>, offPolicy: object, more: object = {}) {
  const config = {
    name: 'off-policy',
    dataset: { type: 'world', users: 600, items: 50 },
    split: { type: 'by-user', fractions: [0.4, 0.1, 0.5] },
    window: 5,
    rewards,
    offPolicy,
    seeds: [0],
    threads: 1,
    baselines: [{ type: 'bought' }, { type: 'clicked' }],
    runs: [],
    ...more,
  };
  return { experiment: check(config, 'test'), origin: 'test', folder: runs, packages: {} };
}

function ran(...given: Parameters<typeof experiment>): Promise<Ran> {
  return runExperiment(experiment(...given), { data: undefined, runs, out, signal, onFinished: () => {} });
}

const rewards = { click: 0.2, purchase: 1 };

test('a policy that prefers what is bought is worth more, by the numbers of a direct call', {
  timeout: 200_000,
}, async () => {
  const outcome = await ran(rewards, { reference: 'clicked' });
  const { rows, reference, logged, events } = (await offPolicyOf(outcome))!;
  const [bought, clicked] = rows;
  expect(reference).toBe('clicked');
  expect([bought!.reasons, clicked!.reasons]).toEqual([[], []]);
  expect(bought!.difference!.interval[0]).toBeGreaterThan(0);
  expect(bought!.difference!.difference).toBeCloseTo(bought!.value!.sndr.value - clicked!.value!.sndr.value, 12);
  expect(clicked!.difference).toBeUndefined();

  const { context } = outcome;
  expect(events).toBe(Math.min(4000, context.split.test.count));
  const { feedback, behavior, model } = await context.logged();
  const mean = (feedback.reward as Float64Array).reduce((sum, reward) => sum + reward, 0) / events;
  expect(logged).toBeCloseTo(mean, 6);
  const { policy } = await softmaxOf(
    findBaseline('bought')(context.split.train),
    context.split.validation,
    0,
    'refuse',
  );
  for (const estimator of ['snips', 'sndr'] as const) {
    const { value, interval } = await offPolicyValue(feedback, policy, { estimator, behavior, model });
    expect(bought!.value![estimator].value).toBeCloseTo(value, 6);
    expect(bought!.value![estimator].interval).toEqual(interval.map((bound) => expect.closeTo(bound, 6)));
  }

  // Other options of estimates read the same runs, and collect reads the same estimates.
  const folders = () => readdirSync(join(runs, 'off-policy')).sort();
  const before = folders();
  const small = await offPolicyOf(await ran(rewards, { events: 60, seed: 3 }));
  expect(folders()).toEqual(before);
  const planned = await planExperiment(experiment(rewards, { events: 60, seed: 3 }), {
    data: undefined,
    runs,
    out,
    signal,
  });
  expect(await offPolicyOf(await collect(planned, await finishedRuns(planned)))).toEqual(small);

  // Programs get the numbers as further metrics, and no number of what is refused.
  const { runs: made } = outcome;
  const csv = formatResults(withEstimates(resultsOf(made, ['ndcg@10']), (await offPolicyOf(outcome))!), 'csv');
  expect(csv).toContain(`bought,baseline,1,off-policy/sndr,${bought!.value!.sndr.value},`);
  expect(formatResults(withEstimates(resultsOf(made, ['ndcg@10']), small!), 'csv')).toContain(
    'bought,baseline,1,off-policy/sndr,,,,,false',
  );

  // 60 events are refused, and the table says why.
  expect(small!.rows.map(({ difference }) => difference)).toEqual([undefined, undefined]);
  expect(offPolicySentence(small!)).toContain('can answer for 0 of 2 models');
  const table = renderTable(offPolicyTable(small!));
  expect(table).toContain('bought is refused: the effective sample size of 60 weights is');
  expect(table).toMatch(/bought +│ refused/);
  expect(table).toContain('It has no record of what they were shown and did not choose');
});

test('the terminal speaks of refused models only where there are some', () => {
  const said = (refused: readonly boolean[]) =>
    offPolicySentence({
      rows: refused.map((no) => ({ name: 'CE', kind: 'run', reasons: no ? ['too few'] : [] })),
      reference: 'the log',
      events: 9,
      logged: 1,
    });
  expect(said([false, false])).toBe(
    'Off-policy, the log can answer for 2 of 2 models. Their estimates are in the report.',
  );
  expect(said([false, true])).toBe(
    'Off-policy, the log can answer for 1 of 2 models. Their estimates, and why the other is refused, are in the report.',
  );
  expect(said([true, false, true])).toMatch(/Their estimates, and why the others are refused, are in the report\.$/);
  expect(said([true])).toBe('Off-policy, the log can answer for 0 of 1 models. The report says why.');
});

test('an estimate that is not finished is not called refused', { timeout: 200_000 }, async () => {
  const outcome = await ran(rewards, { reference: 'clicked' });
  const [bought, clicked] = outcome.plan.jobs;
  expect(outcome.missing).toEqual([]);
  const without = async (id: string) => {
    const estimates = new Map([...outcome.estimates].filter(([known]) => known !== id));
    return (await offPolicyOf({ ...outcome, estimates }))!;
  };
  const one = await without(bought!.id);
  expect(one.rows[0]).toEqual({ name: 'bought', kind: 'baseline', reasons: [], unfinished: true });
  expect(offPolicySentence(one)).toBe(
    'Off-policy, the log can answer for 1 of 1 models. Their estimates are in the report. Of 1 model the estimate is not finished.',
  );
  const table = renderTable(offPolicyTable(one));
  expect(table).toMatch(/bought +│ not finished/);
  expect(table).toContain('Not finished: bought.');
  expect(table).not.toContain('refused');
  // The reference is not refused either.
  expect(renderTable(offPolicyTable(await without(clicked!.id)))).toContain(
    'no differences, because the estimate of the reference, clicked, is not finished.',
  );
  const none = (await offPolicyOf({ ...outcome, estimates: new Map() }))!;
  expect(offPolicySentence(none)).toBe('No off-policy estimate is finished.');

  const folder = readdirSync(bought!.folder).find((name) => name.startsWith('off-policy-'))!;
  rmSync(join(bought!.folder, folder), { recursive: true });
  const options = { data: undefined, runs, out, signal };
  const planned = await planExperiment(experiment(rewards, { reference: 'clicked' }), options);
  const { missing } = await collect(planned, await finishedRuns(planned));
  expect(missing).toEqual([{ id: `off-policy-${bought!.id}-${folder.slice('off-policy-'.length)}`, name: 'bought' }]);
});

test('with one reward there is nothing to estimate', { timeout: 100_000 }, async () => {
  const outcome = await ran({ click: 1, purchase: 1 }, {});
  expect(await offPolicyOf(outcome)).toMatchObject({
    rows: [],
    nothing: expect.stringContaining('every test event has the reward 1'),
  });
  expect(outcome.estimates.size).toBe(0);
});

test('a reference that is no row of the tables is refused', async () => {
  await expect(ran(rewards, { reference: 'baught' })).rejects.toThrow('Did you mean "bought"?');
});
