import { existsSync, truncateSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ce, defineAgent, meanLoss, proxy, sac, sasrec, snqn, supervisedParts } from '@lea/agents';
import { defaultsOf } from '@lea/core';
import { rowsHash } from '@lea/data';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TrainOptions } from './options.ts';
import { planOf } from './plan.ts';
import { all, crashAfter, data, encoder, ofType, small, validation } from './testing.ts';
import { fit } from './train.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'train-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('what train refuses', () => {
  it.each([
    [{ train: undefined }, 'E_TRAIN_OPTION', /train must be a set of transitions.*splitByUser/],
    [{ validation: undefined }, 'E_TRAIN_OPTION', /validation must be a set of transitions/],
    [{ signals: 5 }, 'E_TRAIN_OPTION', /leaSignals/],
    [{ signals: Promise.resolve({}) }, 'E_TRAIN_OPTION', /leaSignals/],
  ])('%o', async (given, code, message) => {
    await expect(fit(small(given as never))).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });

  it('validation rows of other items, though there are as many', async () => {
    const { validation } = small();
    const itemIds = [...validation.sequences.itemIds].reverse();
    const other = { ...validation, sequences: { ...validation.sequences, itemIds } };
    await expect(fit(small({ validation: other }))).rejects.toMatchObject({
      message: expect.stringMatching(/different catalogs/),
    });
  });

  it('an agent whose loss reads a tensor that its inputs do not list', async () => {
    const forgetful = defineAgent<object>({
      type: 'forgetful',
      schema: {},
      build: (_, of) => ({
        ...supervisedParts(defaultsOf(ce.schema) as never, of),
        phases: ce({ encoder: of }).phases,
        loss: ({ batch }) => meanLoss({ all: tf.mul(batch.reward!, 2) }),
      }),
    });
    await expect(fit(small({ agent: forgetful({ encoder }) }))).rejects.toMatchObject({
      code: 'E_BATCH_TENSOR',
      message: expect.stringMatching(/^forgetful: the loss reads batch\.reward, which inputs does not list\. Add it: /),
    });
  });

  it('a run that diverges, naming step, part and cure', async () => {
    const agent = ce({ encoder, lr: 1e30 });
    await expect(fit(small({ agent }))).rejects.toMatchObject({
      code: 'E_TRAIN_DIVERGED',
      message: expect.stringMatching(/step \d+ of phase "train": "loss\/ce".*learning rate/),
    });
  });

  it('weights that are NaN by the first validation, naming step, phase and cure', async () => {
    const agent = sac({ encoder, warmup: 1, lr: 1e38 });
    await expect(fit(small({ agent }))).rejects.toMatchObject({
      code: 'E_TRAIN_DIVERGED',
      message: expect.stringMatching(
        /step 1 of phase "warmup": validation gave items the score NaN.*Lower the learning rate lr\b/,
      ),
    });
  });

  it('the collapse of SAC as released: values below 0, and a cross entropy that grows for ever', async () => {
    const collapse = (weightClip: [number, number] | null) =>
      small({
        agent: sac({ encoder, warmup: 0, weightClip, lr: 0.05 }),
        rewards: [-1, -1],
        maxSteps: 120,
        evaluateEvery: 60,
      });
    await expect(fit(collapse(null))).rejects.toMatchObject({
      code: 'E_TRAIN_DIVERGED',
      message: expect.stringMatching(/step \d+ of phase "actor": "loss\/ce" fell without bound.*weightClip/),
    });
    expect((await all(collapse([0, 1e9]))).result.steps).toBe(120);
  });

  it('a checkpoint that is cut, naming the file', async () => {
    const checkpoint = join(folder, 'cut.safetensors');
    await crashAfter(6, small({ checkpoint }));
    truncateSync(checkpoint, 2000);
    await expect(fit(small({ checkpoint }))).rejects.toMatchObject({ code: 'E_CHECKPOINT_DAMAGED', value: checkpoint });
  });

  it('a checkpoint of other options, naming the difference', async () => {
    const checkpoint = join(folder, 'run.safetensors');
    await crashAfter(6, small({ checkpoint }));
    expect(existsSync(checkpoint)).toBe(true);
    await expect(fit(small({ checkpoint, batch: 16, agent: ce({ encoder, lr: 0.1 }) }))).rejects.toMatchObject({
      code: 'E_CHECKPOINT_OPTIONS',
      message: expect.stringMatching(/agent\.lr: 0\.001 saved, 0\.1 given; batch: 32 saved, 16 given/),
    });
    const { events } = await all(small({ checkpoint, batch: 16, onMismatch: 'restart' }));
    expect(ofType(events, 'start')[0]!.resumedFrom).toBe(0);
  });

  it('a damaged checkpoint', async () => {
    const checkpoint = join(folder, 'run.safetensors');
    await writeFile(checkpoint, 'not weights');
    await expect(fit(small({ checkpoint }))).rejects.toMatchObject({ name: 'LeaError' });
  });

  it('options without sense', async () => {
    const refused = (given: object) => expect(fit(small(given as Partial<TrainOptions>))).rejects;
    await refused({ rewards: [0.2] }).toThrow(/click, purchase/);
    await refused({ rewards: [0.2, Number.NaN] }).toThrow(/finite/);
    await refused({ batch: 0 }).toThrow(/batch/);
    for (const threads of [0, 1.5, 'two']) await refused({ threads }).toThrow(/threads must be a whole number/);
    await refused({ spinning: 'no' }).toThrow(/spinning/);
    await refused({ patiance: 3 }).toThrow(/"patience"/);
    await refused({ train: { ...data, count: 0 } }).toThrow(/empty/);
    await refused({ signals: { reward: new Float32Array(3) } }).toThrow(
      /signals.reward must have .* Got 3\. Create the signals .*rewards: .logged/,
    );
    await refused({ signals: { environmentState: new Float32Array(3), stateSize: 1 } }).toThrow(
      /must have .* Got 3\. Create the signals with leaSignals from the same train transitions\.$/,
    );
    await refused({ signals: { reward: new Float32Array(data.count).fill(Number.NaN) } }).toThrow(
      /signals.reward\[0\]/,
    );
    await refused({ agent: undefined }).toThrow(/agent is missing.*snqn\(\{ encoder: sasrec\(\) \}\)/);
    await refused({ agent: snqn }).toThrow(/agent is a factory/);
    await refused({ onMismatch: 'restar' }).toThrow(/Did you mean "restart"/);
    await refused({ sampler: { type: 'permutation', bucket: true } }).toThrow(/Did you mean "buckets"/);
    const agent = proxy({ encoder, auxiliaryTarget: 'length' });
    await refused({ agent, sampler: { type: 'permutation', buckets: true } }).toThrow(
      /width of windows, which buckets cut/,
    );
  });

  it('a metric that validation does not have, before anything is compiled', () => {
    const refused = (given: object) => expect(() => planOf(small(given)));
    refused({ metric: 'ndcg@7' }).toThrow(/a metric that validation computes.*ndcg@10/);
    refused({ metric: 'ndgc@10' }).toThrow(/Did you mean "ndcg@10"/);
    const clicks = { ...validation.sequences, kind: validation.sequences.kind.map(() => 0) };
    const given = { validation: { ...validation, sequences: clicks } };
    refused({ ...given, metric: 'ndcg@10/purchase' }).toThrow(/validation events of the kind/);
    refused({ ...given, metric: 'ndcg@10/click' }).not.toThrow();
  });

  it('signals that do not fit the rows and the catalog', () => {
    const refused = (signals: object) => expect(() => planOf(small({ signals })));
    const rows = data.count;
    const targets = (item: number) => new Int32Array(rows * 2).fill(item);
    const weights = (weight: number) => new Float32Array(rows * 2).fill(weight);
    refused({ targets: targets(29), targetWeights: weights(0), k: 2 }).not.toThrow();
    for (const item of [-1, 30]) {
      refused({ targets: targets(item), targetWeights: weights(1), k: 2 }).toThrow(
        /targets\[0\] must be an item, 0 to 29/,
      );
    }
    for (const weight of [-1, Number.NaN, Infinity]) {
      refused({ targets: targets(0), targetWeights: weights(weight), k: 2 }).toThrow(
        /targetWeights\[0\] must be finite and/,
      );
    }
    for (const part of [{ k: 2 }, { targets: targets(0), k: 2 }, { targets: targets(0), targetWeights: weights(1) }]) {
      refused(part).toThrow(/must be given together/);
    }
    const valued = (targetRewards: Float32Array) =>
      refused({ targets: targets(0), targetWeights: weights(1), k: 2, targetRewards });
    valued(weights(-3)).not.toThrow();
    valued(weights(Infinity)).toThrow(/targetRewards\[0\] must be finite/);
    valued(new Float32Array(rows)).toThrow(new RegExp(`targetRewards must have ${rows * 2} values`));
    refused({ targetRewards: weights(1) }).toThrow(/targetRewards needs signals.targets/);
    const states = (stateSize: number, count = rows * 2) => ({ environmentState: new Float32Array(count), stateSize });
    refused({ environmentState: new Float32Array(rows) }).toThrow(
      /environmentState and stateSize must be given together/,
    );
    refused(states(1.5)).toThrow(/stateSize must be a whole number/);
    refused(states(3)).toThrow(new RegExp(`environmentState must have ${rows * 3} values`));
    refused({ ...states(2), environmentState: weights(Number.NaN) }).toThrow(/environmentState\[0\] must be finite/);
    refused({ targets: targets(0), targetWeights: weights(1), k: 1.5 }).toThrow(/k must be a whole number/);
    refused({ targets: targets(0), targetWeights: weights(1), k: 1 }).toThrow(
      new RegExp(`targets must have ${rows} values`),
    );
  });

  it('signals of another split with as many rows', () => {
    const reward = new Float32Array(data.count).fill(1);
    const fitted = (signals: object) => expect(() => planOf(small({ signals })));
    const others = { ...data, event: data.event.toReversed() };
    fitted({ reward, rowsHash: rowsHash(data) }).not.toThrow();
    fitted({ reward }).not.toThrow();
    fitted({ reward, rowsHash: rowsHash(others) }).toThrow(expect.objectContaining({ code: 'E_SIGNALS_ROWS' }));
    fitted({}).toThrow(/at least one signal.*reward, targets/);
  });

  it('text that an encoder needs', async () => {
    const refused = (given: object) => expect(fit(small(given as Partial<TrainOptions>))).rejects;
    await refused({ agent: ce({ encoder: sasrec({ width: 8, itemInput: 'id+text' }) }) }).toThrow(/text/);
  });
});
