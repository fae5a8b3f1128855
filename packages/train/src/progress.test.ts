import { ce, sac, sasrec } from '@lea/agents';
import { float32 } from '@lea/tensor';
import { describe, expect, it } from 'vitest';
import { chain } from './fixtures/chain.ts';
import type { TrainOptions } from './options.ts';
import { planOf } from './plan.ts';
import {
  chunkSteps,
  earliestEnd,
  initialRun,
  latestEnd,
  nextPhase,
  phaseEnded,
  validatedRun,
  validationDue,
} from './progress.ts';
import { tally } from './steps/steps.ts';

const data = chain(10, 1, 4, 20);
const encoder = sasrec({ width: 4 });
const plan = (more: Partial<TrainOptions> = {}) =>
  planOf({
    ...{ agent: ce({ encoder }), train: data, validation: data, rewards: [0.2, 1], batch: 10 },
    ...{ evaluateEvery: 7, patience: 2, maxSteps: 18, chunk: 4, ...more },
  });

type Run = ReturnType<typeof initialRun>;
const at = (run: Run, progress: Partial<Run['progress']>): Run => ({
  ...run,
  progress: { ...run.progress, ...progress },
});

describe('steps of a call', () => {
  it('reach to the next validation, to the end of the phase, or fill the chunk', () => {
    const p = plan();
    const run = initialRun(p);
    expect([0, 4, 7, 11, 14, 16].map((step) => chunkSteps(p, run, step))).toEqual([4, 3, 4, 3, 4, 2]);
    const later = at(run, { phaseStart: 5 });
    expect([5, 9, 12].map((step) => chunkSteps(p, later, step))).toEqual([4, 3, 4]);
  });

  it('a validation is due at every seventh step of a phase and at its last, once', () => {
    const p = plan();
    const run = initialRun(p);
    const due = (phaseStart: number) =>
      Array.from({ length: 24 }, (_, step) => step).filter((step) =>
        validationDue(p, at(run, { phaseStart, step, validated: phaseStart })),
      );
    expect(due(0)).toEqual([7, 14, 18, 21]);
    expect(due(3)).toEqual([10, 17, 21]);
    expect(validationDue(p, at(run, { step: 7, validated: 7 }))).toBe(false);
  });
});

describe('a phase', () => {
  it('ends after as many validations without a better one as there is patience', () => {
    const p = plan({ maxSteps: 100 });
    let run = initialRun(p);
    const waited: number[] = [];
    for (const [i, value] of [0.1, 0.3, 0.3, 0.2].entries()) {
      expect(phaseEnded(p, run)).toBe(false);
      const [next, event] = validatedRun(p, at(run, { step: 7 * (i + 1) }), { 'ndcg@10': value });
      run = next;
      waited.push(run.progress.waited);
      expect(event).toMatchObject({ improved: i < 2, patienceLeft: 2 - run.progress.waited });
    }
    expect(waited).toEqual([0, 0, 1, 2]);
    expect(phaseEnded(p, run)).toBe(true);
    expect(run.progress.best).toMatchObject({ step: 14, value: 0.3 });
    expect(nextPhase(p, run).progress.finished).toBe(true);
  });

  it('ends with its steps, once they are validated', () => {
    const p = plan();
    const ended = (progress: Partial<Run['progress']>) => phaseEnded(p, at(initialRun(p), progress));
    expect(ended({ step: 18, validated: 14 })).toBe(false);
    expect(ended({ step: 17, validated: 17 })).toBe(false);
    expect(ended({ step: 18, validated: 18 })).toBe(true);
    expect(ended({ step: 20, validated: 20, phaseStart: 3 })).toBe(false);
  });

  it('has the steps that the agent gives it, whatever the patience; the next one begins anew there', () => {
    const p = plan({ agent: sac({ encoder, warmup: 5 }), patience: 1 });
    const run = at(initialRun(p), { step: 4, validated: 4, waited: 3 });
    expect(phaseEnded(p, run)).toBe(false);
    expect(chunkSteps(p, run, 4)).toBe(1);
    const next = nextPhase(p, at(run, { step: 5, validated: 5 }));
    expect(next.progress).toMatchObject({ phase: 1, phaseStart: 5, step: 5, validated: 5, waited: 0, finished: false });
    expect(next.progress).toMatchObject({ best: null, lossSum: 0, lossSteps: 0 });
  });
});

it('losses are means over steps: of a call, and since the last validation', () => {
  const p = plan();
  const run = at(initialRun(p), { step: 3, lossSum: 6, lossSteps: 3 });
  const sums = tally(run);
  sums.add({ loss: float32([1, 3]), ce: float32([2, 2]) });
  sums.add({ loss: float32([8]), ce: float32([5]) });
  const { run: after, means } = sums.close(run.networks);
  expect(means).toEqual({ loss: 4, metrics: { ce: 3 } });
  expect(after.progress).toMatchObject({ step: 6, lossSum: 18, lossSteps: 6 });
  const [validated, event] = validatedRun(p, after, { 'ndcg@10': 0.5 });
  expect(event).toMatchObject({ step: 6, loss: 3, value: 0.5, improved: true });
  expect(validated.progress).toMatchObject({ validated: 6, lossSum: 0, lossSteps: 0 });
  expect(validated.progress.curve).toHaveLength(1);
});

describe('the earliest end', () => {
  it('is where no validation improves any more, or all steps are done', () => {
    const p = plan({ maxSteps: 30 });
    const run = initialRun(p);
    expect(earliestEnd(p, run)).toBe(21); // the first validation is the best, two more are waited for
    const best = { phase: 'ce', step: 14, loss: 1, value: 0.3 };
    expect(earliestEnd(p, at(run, { step: 25, validated: 21, best, waited: 1 }))).toBe(28);
    expect(earliestEnd(p, at(run, { step: 21, validated: 21, best, waited: 0 }))).toBe(30);
    expect(earliestEnd(p, at(run, { step: 9, finished: true }))).toBe(9);
    expect(latestEnd(p, run)).toBe(30);
    expect(latestEnd(p, at(run, { step: 9, finished: true }))).toBe(9);
  });

  it('counts the phases that follow', () => {
    const p = plan({ agent: sac({ encoder, warmup: 11 }), maxSteps: 100 });
    const run = initialRun(p);
    expect(earliestEnd(p, run)).toBe(11 + 21);
    expect(earliestEnd(p, nextPhase(p, at(run, { step: 11, validated: 11 })))).toBe(11 + 21);
    expect(latestEnd(p, run)).toBe(11 + 100);
  });
});
