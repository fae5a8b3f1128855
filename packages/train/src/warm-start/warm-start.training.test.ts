import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ce, countingMemory, loadPolicy, type Policy, sasrec } from '@lea/agents';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TrainEvent, TrainResult } from '../events.ts';
import { chain } from '../fixtures/chain.ts';
import type { TrainOptions } from '../options.ts';
import { fit } from '../train.ts';
import { agents, disposeOpen, encoder, ITEMS, ids, log, open, options, policyOf } from './testing.ts';

afterEach(disposeOpen);

describe('training', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'warm-start-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function run(given: TrainOptions, most = Infinity): Promise<{ events: TrainEvent[]; result: TrainResult }> {
    const work = fit(given);
    const events: TrainEvent[] = [];
    for await (const event of work) {
      events.push(event);
      if (events.length === most) return { events, result: undefined as never };
    }
    const result = await work;
    open.push(result.policy);
    return { events, result };
  }

  const big = ids(30);
  const learn = (given: Partial<TrainOptions> = {}) =>
    options(big, {
      agent: ce({ encoder: sasrec({ width: 8, dropout: 0 }), lr: 0.02 }),
      train: chain(60, 1),
      validation: chain(20, 2),
      batch: 32,
      evaluateEvery: 15,
      maxSteps: 240,
      ...given,
    });

  it('starts where the long run ended, says so, and leaves the policy as it is', async () => {
    const cold = await run(learn());
    expect(cold.result.best!.value).toBeGreaterThan(0.6);
    expect(cold.result.init).toBeUndefined();
    const few = await run(learn({ maxSteps: 1 }));
    expect(few.result.best!.value).toBeLessThan(0.5);
    const before = cold.result.weightsHash;
    const { events, result } = await run(learn({ init: cold.result.policy, maxSteps: 1 }));
    expect(result.curve[0]).toEqual({ phase: 'train', step: 0, loss: null, value: cold.result.best!.value });
    expect(result.best!.value).toBeGreaterThanOrEqual(cold.result.best!.value);
    expect(result.init).toEqual({ kept: 30, added: 0, removed: 0 });
    expect(events[0]).toMatchObject({ type: 'start', init: { kept: 30, added: 0, removed: 0 } });
    // Training writes over its arrays, not over those of the policy.
    const again = await run(learn({ init: cold.result.policy, maxSteps: 1 }));
    expect(again.result.weightsHash).toBe(result.weightsHash);
    expect(cold.result.weightsHash).toBe(before);
  });

  it('a policy that cannot be bettered comes out as it went in', async () => {
    const { result: cold } = await run(learn());
    const agent = ce({ encoder: sasrec({ width: 8, dropout: 0 }), lr: 1 });
    const { result } = await run(learn({ agent, init: cold.policy, patience: 2 }));
    expect(result.best!.step).toBe(0);
    expect(result.weightsHash).toBe(cold.weightsHash);
    expect(result).toMatchObject({ steps: 30, ended: 'patience' });
  });

  it('new items are learned beside those that are known', async () => {
    const { result: cold } = await run(learn({ train: log(ids(10)), validation: log(ids(10), 2), maxSteps: 40 }));
    const { result } = await run(learn({ init: cold.policy }));
    expect(result.init).toEqual({ kept: 10, added: 20, removed: 0 });
    expect(result.best!.value).toBeGreaterThan(0.6);
  });

  it.each(Object.keys(agents))('%s: goes on after a kill as if nothing had happened', async (name) => {
    const agent = agents[name]!(encoder);
    const init = policyOf(agent);
    await init.save(join(folder, 'policy'));
    const given = (file: string, loaded: Policy) =>
      options([...ids(10), 'new'], {
        agent,
        init: loaded,
        maxSteps: 10,
        patience: 20,
        chunk: 2,
        checkpoint: join(folder, file),
      });
    const uncut = await run(given('uncut', init));
    for (const most of [3, 6, 9]) {
      const loaded = await loadPolicy(join(folder, 'policy'));
      open.push(loaded);
      await run(given('cut', loaded), most);
    }
    const resumed = await run(given('cut', init));
    expect(resumed.events[0]).toMatchObject({
      resumedFrom: expect.any(Number),
      init: { kept: 10, added: 1, removed: 2 },
    });
    expect((resumed.events[0] as { resumedFrom: number }).resumedFrom).toBeGreaterThan(0);
    expect(resumed.result.weightsHash).toBe(uncut.result.weightsHash);
    expect(resumed.result.curve).toEqual(uncut.result.curve);
    expect(resumed.result.curve.slice(0, 4).map(({ step }) => step)).toEqual([0, 4, 8, 10]);
  });

  it('the weights belong to the identity of the run', async () => {
    const checkpoint = join(folder, 'run');
    await run(options(ids(ITEMS), { init: policyOf(ce({ encoder })), checkpoint }));
    const other = policyOf(ce({ encoder }));
    other.params['emb.weight']!.data[0]! += 1;
    for (const init of [other, undefined]) {
      await expect(fit(options(ids(ITEMS), { init, checkpoint }))).rejects.toMatchObject({
        code: 'E_CHECKPOINT_OPTIONS',
        message: expect.stringMatching(/different options: init: "[0-9a-f]+" saved/),
      });
    }
  });

  it('goes with a memory that is counted anew, also one that joins the network in training', async () => {
    const itemIds = [...ids(10), 'new'];
    const old = options(ids(ITEMS));
    const memory = await countingMemory(old.train);
    const now = options(itemIds);
    const anew = await countingMemory(now.train);
    for (const fusion of ['after', 'joint'] as const) {
      const first = await run({ ...old, memory, fusion });
      const { result } = await run({ ...now, memory: anew, fusion, init: first.result.policy });
      expect(result.init).toEqual({ kept: 10, added: 1, removed: 2 });
      expect(result.policy.memory!.hash).toBe(anew.hash);
    }
  });
});
