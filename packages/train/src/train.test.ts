import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ce, sa2c, sasrec } from '@lea/agents';
import { evaluate } from '@lea/eval';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TrainEvent } from './events.ts';
import { chain } from './fixtures/chain.ts';
import type { TrainOptions } from './options.ts';
import { agents, all, crashAfter, data, encoder, ofType, small, validation } from './testing.ts';
import { fit } from './train.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'train-'));
});
afterEach(() => rm(folder, { recursive: true }));

it('batches that cannot be made while a call runs leave no rejection behind', async () => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => unhandled.push(reason);
  process.on('unhandledRejection', note);
  try {
    for (const [lr, code] of [
      [0.001, 'E_ROW_RANGE'],
      // The call fails as well.
      [1e30, 'E_TRAIN_DIVERGED'],
    ] as const) {
      const train = { ...data };
      const events = fit(small({ agent: ce({ encoder, lr }), train, chunk: 1 }));
      const going = async () => {
        for await (const event of events) if (event.type === 'step') train.count = 0;
      };
      await expect(going()).rejects.toMatchObject({ code });
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(unhandled).toEqual([]);
  } finally {
    process.off('unhandledRejection', note);
  }
});

describe('fit', () => {
  it('tells how far it is, and that leaving the loop is not the end', async () => {
    const { events } = await all(small());
    expect(ofType(events, 'step').map(({ done, total, unit }) => [done, total, unit].join(' '))).toEqual(
      [4, 7, 11, 14, 18].map((done) => `${done} 18 steps`),
    );
    expect(events.at(-1)).toMatchObject({ type: 'done', stage: 'training', done: 18, total: 18, open: false });
    const work = fit(small());
    for await (const event of work) if (event.type === 'step') break;
    await expect(work).rejects.toMatchObject({ code: 'E_TASK_STOPPED' });
  });

  it('gives equal bits for equal seeds, whatever the chunks, and others for other seeds', async () => {
    const { result } = await all(small());
    expect((await all(small({ chunk: 5 }))).result.weightsHash).toBe(result.weightsHash);
    expect((await all(small({ seed: 1 }))).result.weightsHash).not.toBe(result.weightsHash);
    expect(result).toMatchObject({ steps: 18, stopped: false });
    expect(result.curve.map(({ step }) => step)).toEqual([7, 14, 18]);
  });

  describe.each(Object.keys(agents))('%s', (name) => {
    const options = (given: Partial<TrainOptions> = {}) =>
      small({ agent: agents[name]!, checkpoint: join(folder, 'run.safetensors'), ...given });

    it('goes on after a crash or a stop as if nothing had happened', async () => {
      const uncut = await all(options({ checkpoint: join(folder, 'uncut.safetensors') }));
      const total = uncut.events.length;
      for (const share of [0.2, 0.45, 0.6, 0.85]) await crashAfter(Math.floor(total * share), options());
      const resumed = await all(options({ chunk: 3 }));
      const [start] = ofType(resumed.events, 'start');
      expect(start!.resumedFrom).toBeGreaterThan(0);
      expect(resumed.result.weightsHash).toBe(uncut.result.weightsHash);
      expect(resumed.result.curve).toEqual(uncut.result.curve);
      expect(resumed.result.best).toEqual(uncut.result.best);
      // A finished run is there at once.
      const again = await all(options());
      expect(again.events.map(({ type }) => type)).toEqual(['start', 'done']);
      expect(again.result.weightsHash).toBe(uncut.result.weightsHash);
    });

    it('stops when asked, saves, and goes on to the same bits', async () => {
      const uncut = await all(small({ agent: agents[name]! }));
      const stop = new AbortController();
      const events: TrainEvent[] = [];
      const work = fit(options({ signal: stop.signal }));
      for await (const event of work) {
        events.push(event);
        if (event.type === 'step' && event.step >= 8) stop.abort();
      }
      const cut = await work;
      expect(cut).toMatchObject({ stopped: true, steps: 11 });
      await cut.policy.dispose();
      expect(events.slice(-2)).toMatchObject([
        { type: 'checkpoint', step: expect.any(Number) },
        { type: 'stopped', path: join(folder, 'run.safetensors') },
      ]);
      const { result } = await all(options());
      expect(result.weightsHash).toBe(uncut.result.weightsHash);
      expect(result.curve).toEqual(uncut.result.curve);
    });
  });

  it.each(Object.keys(agents))('%s: compiled and eager runs agree', async (name) => {
    const runs = await Promise.all(
      [undefined, 'cpu'].map((backend) => all(small({ agent: agents[name]!, backend, maxSteps: 7, chunk: 1 }))),
    );
    const [compiled, eager] = runs.map(({ events }) => ofType(events, 'step'));
    expect(compiled!.length).toBe(eager!.length);
    for (const [i, { loss, metrics }] of compiled!.entries()) {
      expect(loss).toBeCloseTo(eager![i]!.loss, 4);
      for (const [part, value] of Object.entries(metrics)) expect(value).toBeCloseTo(eager![i]!.metrics[part]!, 3);
    }
    expect(runs[0]!.result.best!.value).toBeCloseTo(runs[1]!.result.best!.value, 2);
  });

  it('a stop at a validation that is due leaves it to the next run', async () => {
    const checkpoint = join(folder, 'run.safetensors');
    const stop = new AbortController();
    const seen: string[] = [];
    for await (const event of fit(small({ checkpoint, signal: stop.signal }))) {
      seen.push(event.type);
      if (event.type === 'step' && event.step === 7) stop.abort();
    }
    expect(seen).not.toContain('validation');
    const { result } = await all(small({ checkpoint }));
    expect(result.weightsHash).toBe((await all(small())).result.weightsHash);
  });

  it('begins the second phase at the best validation of the first, with a selection of its own', async () => {
    const { events, result } = await all(small({ agent: agents['two phases']!, maxSteps: 14 }));
    expect(ofType(events, 'phase')).toMatchObject([
      { phase: 'warmup', step: 0 },
      { phase: 'advantage', step: 14 },
    ]);
    expect(result.curve.map(({ step, phase }) => `${phase} ${step}`)).toEqual([
      'warmup 7',
      'warmup 14',
      'advantage 21',
      'advantage 28',
    ]);
    expect(result.best!.phase).toBe('advantage');
    const fixed = await all(small({ agent: agents['two phases, fixed warm-up']!, maxSteps: 14, patience: 1 }));
    expect(ofType(fixed.events, 'phase').map(({ step }) => step)).toEqual([0, 11]);
  });

  it('learns the chain, and keeps its best weights', async () => {
    const { events, result } = await all(
      small({ agent: ce({ encoder, lr: 0.02 }), evaluateEvery: 15, maxSteps: 240, patience: 4, chunk: 15 }),
    );
    const values = result.curve.map(({ value }) => value);
    expect(result.best!.value).toBe(Math.max(...values));
    expect(result.best!.value).toBeGreaterThan(0.6);
    for (const { best, value, improved } of ofType(events, 'validation')) expect(best.value === value).toBe(improved);
    // The policy is made of the best weights: it repeats the best validation.
    const fresh = await fit(small({ agent: ce({ encoder, lr: 0.02 }), evaluateEvery: 15, maxSteps: 240, patience: 4 }));
    expect(fresh.weightsHash).toBe(result.weightsHash);
    const { metrics } = await evaluate(fresh.policy, validation);
    await fresh.policy.dispose();
    expect(metrics['ndcg@10']).toBeCloseTo(result.best!.value, 5);
  });

  it('ends a phase when its patience is over', async () => {
    const { result } = await all(small({ agent: ce({ encoder, lr: 0 }), patience: 2, maxSteps: 700 }));
    // Nothing is learned at that rate: the first validation stays the best.
    expect(result.best!.step).toBe(7);
    expect(result.steps).toBe(21);
  });

  it('extra targets and modeled rewards change what is learned', async () => {
    const agent = agents['Polyak target']!;
    const k = 2;
    const signals = {
      reward: new Float32Array(data.count).fill(3),
      targets: new Int32Array(data.count * k).fill(4),
      targetWeights: new Float32Array(data.count * k).fill(0.5),
      k,
    };
    const { result } = await all(small({ agent }));
    const hashes = new Set([result.weightsHash]);
    for (const part of [{ reward: signals.reward }, { ...signals, reward: undefined }]) {
      hashes.add((await all(small({ agent, signals: part as typeof signals }))).result.weightsHash);
    }
    expect(hashes.size).toBe(3);
    for (const [given, message] of [
      [{ rewards: signals.reward }, /signals has no option with this name.*Did you mean "reward"/],
      [{ reward: Array.from(signals.reward) }, /signals\.reward must be a Float32Array/],
      [{ reward: signals.reward.subarray(1) }, /must have \d+ values.*rewards: 'logged'/],
    ] as const) {
      await expect(all(small({ agent, signals: given as never }))).rejects.toThrow(message);
    }
  });

  it("learns from the log's own rewards as from equal rewards by kind, and from other ones otherwise", async () => {
    const agent = agents['Polyak target']!;
    const learned = async (reward: (event: number) => number) => {
      const logged = Float64Array.from(data.sequences.items, (_, event) => reward(event));
      const train = { ...data, sequences: { ...data.sequences, reward: logged } };
      return (await all(small({ agent, train, rewards: 'logged' }))).result.weightsHash;
    };
    const byKind = await all(small({ agent, rewards: { click: 0.25, purchase: 1 } }));
    const { kind, kinds } = data.sequences;
    expect(await learned((event) => (kinds[kind[event]!] === 'click' ? 0.25 : 1))).toBe(byKind.result.weightsHash);
    expect(await learned((event) => event % 3)).not.toBe(byKind.result.weightsHash);
    await expect(all(small({ agent, rewards: 'logged' }))).rejects.toMatchObject({ code: 'E_REWARD_MISSING' });
  });

  it.each(['text-init', 'id+text'] as const)('trains encoders that read texts (%s)', async (itemInput) => {
    const agent = ce({ encoder: sasrec({ width: 8, itemInput, tied: true }) });
    const vectors = Float32Array.from({ length: 30 * 12 }, (_, i) => Math.sin(i));
    const options = small({ agent, text: { dtype: 'float32', shape: [30, 12], data: vectors } });
    const { result } = await all(options);
    expect(result.steps).toBe(18);
    const other = { dtype: 'float32' as const, shape: [30, 12], data: vectors.map((x) => x * x) };
    expect((await all({ ...options, text: other })).result.weightsHash).not.toBe(result.weightsHash);
  });

  it('gives losses the statistics of the train split', async () => {
    const hashes = [0, 0.5].map(async (correctionPower) => {
      const options = { negatives: 3, warmup: 3, target: 'polyak', weightClip: [0.5, 1] } as const;
      const agent = sa2c({ encoder, ...options, correctionPower });
      return (await all(small({ agent, maxSteps: 4 }))).result.weightsHash;
    });
    expect(new Set(await Promise.all(hashes)).size).toBe(2);
  });

  it('leaves no tensors behind', async () => {
    const { numTensors } = tf.memory();
    await all(small());
    expect(tf.memory().numTensors).toBe(numTensors);
  });
});

describe('sampled losses', () => {
  const learned = async (items: number, options: object) => {
    const agent = ce({ encoder: sasrec({ width: 16, dropout: 0 }), lr: 0.02, ...options });
    const sets = { train: chain(250, 3, 10, items), validation: chain(40, 4, 10, items) };
    return (await all(small({ agent, ...sets, batch: 128, evaluateEvery: 50, maxSteps: 200 }))).result.best!.value;
  };

  it('learn a chain of 500 items as well as the softmax over all', async () => {
    const whole = await learned(500, {});
    expect(whole).toBeGreaterThan(0.7);
    expect(await learned(500, { loss: 'sampled-softmax', sampledItems: 32 })).toBeGreaterThan(0.95 * whole);
  });

  it('gBCE learns a chain of 60', async () => {
    expect(await learned(60, { loss: 'gbce', sampledItems: 16 })).toBeGreaterThan(0.75);
  });
});
