import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Agent, ce, sa2c, sasrec, snqn, sqn } from '@lea/agents';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TrainEvent, TrainResult } from './events.ts';
import { chain } from './fixtures/chain.ts';
import type { TrainOptions } from './options.ts';
import { fit } from './train.ts';

const encoder = sasrec({ width: 8, dropout: 0.1 });
const options = (given: Partial<TrainOptions> = {}): TrainOptions => ({
  agent: ce({ encoder }),
  train: chain(60, 1),
  validation: chain(20, 2),
  rewards: [0.2, 1],
  window: 5,
  batch: 32,
  evaluateEvery: 7,
  maxSteps: 30,
  patience: 10,
  chunk: 4,
  threads: 1,
  ...given,
});

let folder: string;
let checkpoint: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'raised-'));
  checkpoint = join(folder, 'run.safetensors');
});
afterEach(() => rm(folder, { recursive: true }));

async function run(
  given: Partial<TrainOptions>,
  most = Infinity,
): Promise<{ events: TrainEvent[]; result: TrainResult }> {
  const work = fit(options(given));
  const events: TrainEvent[] = [];
  for await (const event of work) {
    events.push(event);
    if (events.length === most) return { events, result: undefined as never };
  }
  const result = await work;
  await result.policy.dispose();
  return { events, result };
}

const sampled = { loss: 'sampled-softmax', sampledItems: 6, samplingPower: 1 } as const;
const agents: Record<string, Agent> = {
  'one network': ce({ encoder }),
  'coin flip': snqn({ encoder, negatives: 3 }),
  'periodic copy': sqn({ encoder, target: 'copy', copyEvery: 3 }),
  'sampled items, Polyak target': sqn({ encoder, target: 'polyak', tau: 0.05, ...sampled }),
};

describe.each(Object.entries(agents))('%s: a raised maxSteps goes on to the bits of an uncut run', (_, agent) => {
  it.each([
    ['between two validations', 18],
    ['at a validation', 14],
    ['before the first validation', 3],
  ])('when it was %s', async (_, maxSteps) => {
    const uncut = await run({ agent });
    const first = await run({ agent, maxSteps, checkpoint });
    expect(first.result).toMatchObject({ steps: maxSteps, ended: 'maxSteps' });
    const { events, result } = await run({ agent, checkpoint });
    expect(events[0]).toMatchObject({ type: 'start', resumedFrom: maxSteps });
    expect(result.weightsHash).toBe(uncut.result.weightsHash);
    expect(result.curve).toEqual(uncut.result.curve);
    expect(result.best).toEqual(uncut.result.best);
    expect(result.steps).toBe(30);
  });
});

it('a finished run is there at once, also when its last validation was between two others', async () => {
  const first = await run({ maxSteps: 18, checkpoint });
  const { events, result } = await run({ maxSteps: 18, checkpoint });
  expect(events.map(({ type }) => type)).toEqual(['start', 'done']);
  expect(result.curve.map(({ step }) => step)).toEqual([7, 14, 18]);
  for (const part of ['weightsHash', 'curve', 'best', 'ended'] as const) {
    expect(result[part]).toEqual(first.result[part]);
  }
});

it('a run that was cut under the old maxSteps goes on under the new one, again and again', async () => {
  const uncut = await run({});
  await run({ maxSteps: 18, checkpoint }, 7);
  await run({ maxSteps: 20, checkpoint });
  await run({ maxSteps: 25, checkpoint }, 5);
  const { result } = await run({ checkpoint });
  expect(result.weightsHash).toBe(uncut.result.weightsHash);
  expect(result.curve).toEqual(uncut.result.curve);
});

it('without maxSteps a capped run goes on to the end of its patience', async () => {
  const given = { agent: ce({ encoder, lr: 0 }), patience: 3 };
  await run({ ...given, maxSteps: 10, checkpoint });
  const { result } = await run({ ...given, maxSteps: undefined, checkpoint });
  expect(result).toMatchObject({ steps: 28, ended: 'patience' });
});

it('a run whose patience is over stays finished and says so', async () => {
  // Nothing is learned at that rate: the first validation stays the best.
  const given = { agent: ce({ encoder, lr: 0 }), patience: 2, checkpoint };
  const first = await run({ ...given, maxSteps: 21 });
  expect(first.result).toMatchObject({ steps: 21, ended: 'patience' });
  const { events, result } = await run({ ...given, maxSteps: 700 });
  expect(events).toMatchObject([{ type: 'start' }, { type: 'done', step: 21, ended: 'patience' }]);
  expect(result.weightsHash).toBe(first.result.weightsHash);
});

it('a patience that ran out at a validation that only maxSteps called for does not count', async () => {
  const given = { agent: ce({ encoder, lr: 0 }), patience: 2 };
  // Validations at 7, 14 and 18: the last one is not in the run with more steps, which ends at 21.
  expect((await run({ ...given, maxSteps: 18, checkpoint })).result.ended).toBe('maxSteps');
  const { result } = await run({ ...given, maxSteps: 100, checkpoint });
  expect(result.curve.map(({ step }) => step)).toEqual([7, 14, 21]);
  expect(result.ended).toBe('patience');
});

it('lowering is refused, and so is another option beside it', async () => {
  await run({ maxSteps: 14, checkpoint });
  await expect(run({ maxSteps: 13, checkpoint })).rejects.toMatchObject({
    code: 'E_CHECKPOINT_OPTIONS',
    message: expect.stringMatching(/maxSteps: 14 saved, 13 given\. maxSteps can only be raised/),
  });
  await expect(run({ maxSteps: 20, batch: 16, checkpoint })).rejects.toThrow(
    /different options: batch: 32 saved, 16 given\./,
  );
  await expect(run({ maxSteps: 13, checkpoint, onMismatch: 'restart' })).resolves.toMatchObject({
    result: { steps: 13 },
  });
});

describe('two phases', () => {
  it('are refused when maxSteps ended the first of them', async () => {
    const given = { agent: sa2c({ encoder, negatives: 3 }), checkpoint };
    await run({ ...given, maxSteps: 14 });
    await expect(run(given)).rejects.toMatchObject({
      code: 'E_CHECKPOINT_OPTIONS',
      message: expect.stringMatching(
        /maxSteps 14 ended phase "warmup" and a later phase has begun\. With maxSteps 30 /,
      ),
    });
    const { events } = await run({ ...given, onMismatch: 'restart' });
    expect(events[0]).toMatchObject({ resumedFrom: 0, discarded: expect.stringMatching(/ended phase "warmup"/) });
  });

  it('go on when the first had the steps of the agent or its patience was over', async () => {
    for (const given of [
      { agent: sa2c({ encoder, negatives: 3, warmup: 11 }) },
      { agent: sa2c({ encoder, negatives: 3, lr: 1e-30 }), patience: 1 },
    ]) {
      const uncut = await run(given);
      await run({ ...given, maxSteps: 18, checkpoint });
      const { result } = await run({ ...given, checkpoint });
      expect(result.weightsHash).toBe(uncut.result.weightsHash);
      expect(result.curve).toEqual(uncut.result.curve);
      await rm(checkpoint);
    }
  });

  it('still in the first go on with it', async () => {
    const given = { agent: sa2c({ encoder, negatives: 3 }) };
    const uncut = await run(given);
    await run({ ...given, maxSteps: 18, checkpoint }, 5);
    const { result } = await run({ ...given, checkpoint });
    expect(result.weightsHash).toBe(uncut.result.weightsHash);
  });
});
