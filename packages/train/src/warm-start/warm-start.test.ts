import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Agent,
  ce,
  countingMemory,
  createPolicy,
  defineAgent,
  dqnNs,
  type Encoder,
  gru4rec,
  loadPolicy,
  onePhase,
  type Policy,
  sasrec,
  snqn,
  sqn,
  supervisedLossSchema,
  supervisedParts,
  vpq,
} from '@lea/agents';
import { key, normal } from '@lea/core';
import { type Transitions, windowsOf } from '@lea/data';
import { float32, pick, type Value, type Values } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TrainEvent, TrainResult } from '../events.ts';
import { chain } from '../fixtures/chain.ts';
import type { TrainOptions } from '../options.ts';
import { planOf } from '../plan.ts';
import { initialRun } from '../progress.ts';
import { fit } from '../train.ts';

const ITEMS = 12;
const encoder = sasrec({ width: 4, dropout: 0 });
const ids = (count: number) => Array.from({ length: count }, (_, i) => `i${i}`);

/** The walk over so many items, named by these ids in this order. */
function log(itemIds: readonly string[], seed = 1): Transitions {
  const data = chain(12, seed, 6, itemIds.length);
  return { ...data, sequences: { ...data.sequences, itemIds: [...itemIds] } };
}

const options = (itemIds: readonly string[], given: Partial<TrainOptions> = {}): TrainOptions => ({
  agent: ce({ encoder }),
  train: log(itemIds),
  validation: log(itemIds, 2),
  rewards: [0.2, 1],
  window: 4,
  batch: 16,
  evaluateEvery: 4,
  maxSteps: 8,
  threads: 1,
  ...given,
});

const open: Policy[] = [];
afterEach(async () => {
  for (const policy of open.splice(0)) await policy.dispose();
});

/** A policy with arbitrary weights, as if it had been trained. */
function policyOf(
  agent: Agent,
  {
    items = ITEMS,
    itemIds = ids(items),
    window = 4,
    text,
  }: { items?: number; itemIds?: string[]; window?: number; text?: Value } = {},
): Policy {
  const shape = { items, window, ...(text && { textSize: text.shape[1]! }) };
  const params = Object.fromEntries(
    Object.entries(agent.init(key(7), shape, text)).map(([name, { shape }], i) => {
      const size = shape.reduce((product, n) => product * n, 1);
      return [name, float32(normal(key(i), size), shape)] as const;
    }),
  );
  const policy = createPolicy(agent, params, shape, { itemIds, text, threads: 1 });
  open.push(policy);
  return policy;
}

/** The networks of a run before its first step. */
function started(given: TrainOptions): readonly Values[] {
  return initialRun(planOf(given)).networks.map((network) => pick('params/', network));
}

/** Scores by id of histories of ids. */
async function scoresById(policy: Policy, histories: readonly string[][]): Promise<Record<string, number>[]> {
  const { itemIds, shape } = policy;
  const indices = histories.map((history) => history.map((id) => itemIds!.indexOf(id)));
  const scores = await policy.score(windowsOf(indices, shape.window, shape.items));
  return histories.map((_, row) =>
    Object.fromEntries(itemIds!.map((id, item) => [id, scores[row * shape.items + item]!])),
  );
}

/** The policy of a run before its first step. */
function startPolicy(given: TrainOptions): Policy {
  const plan = planOf(given);
  const [params] = started(given);
  const { itemIds } = plan.train.sequences;
  const policy = createPolicy(plan.agent, params!, plan.shape, { itemIds, text: plan.text, threads: 1 });
  open.push(policy);
  return policy;
}

const rowOf = (value: Value, item: number) => {
  const width = value.data.length / value.shape[0]!;
  return Array.from(value.data.subarray(item * width, (item + 1) * width));
};

const sampled = { loss: 'sampled-softmax', sampledItems: 4 } as const;
const agents: Record<string, (encoder: Encoder) => Agent> = {
  ce: (encoder) => ce({ encoder }),
  'snqn, coin': (encoder) => snqn({ encoder, negatives: 2 }),
  'sqn, Polyak, sampled': (encoder) => sqn({ encoder, target: 'polyak', tau: 0.1, ...sampled }),
  'sqn, copy, ranks by Q': (encoder) => sqn({ encoder, target: 'copy', copyEvery: 2, rankingHead: 'q' }),
  vpq: (encoder) => vpq({ encoder, qHeads: 3 }),
  'dqn-ns': (encoder) => dqnNs({ encoder, negatives: 2 }),
};
const text = (items: number, columns = 5) =>
  float32(
    Float32Array.from({ length: items * columns }, (_, i) => Math.sin(i * i)),
    [items, columns],
  );

const histories = [['i3'], ['i1', 'i4', 'i7'], ['i11', 'i0', 'i5', 'i8']];
const permuted = ['i5', 'i3', 'i0', 'i11', 'i7', 'i1', 'i2', 'i10', 'i4', 'i9', 'i6', 'i8'];

describe.each(Object.entries(agents))('%s', (_, make) => {
  it.each(['sasrec', 'tied with bias', 'gru4rec', 'projected texts'])('%s: scores are equal by id', async (name) => {
    const texts = name === 'projected texts' ? text(ITEMS) : undefined;
    const encoders: Record<string, Encoder> = {
      sasrec: encoder,
      'tied with bias': sasrec({ width: 4, dropout: 0, tied: 'bias' }),
      gru4rec: gru4rec({ width: 4 }),
      'projected texts': sasrec({ width: 4, dropout: 0, itemInput: 'id+text' }),
    };
    const agent = make(encoders[name]!);
    const init = policyOf(agent, { text: texts });
    const expected = await scoresById(init, histories);
    for (const itemIds of [ids(ITEMS), permuted]) {
      const order = itemIds.map((id) => Number(id.slice(1)));
      const moved = texts && float32(Float32Array.from(order.flatMap((item) => rowOf(texts, item))), texts.shape);
      const given = options(itemIds, { agent, init, text: moved });
      const actual = await scoresById(startPolicy(given), histories);
      for (const [row, scores] of expected.entries()) {
        for (const [id, score] of Object.entries(scores)) expect(actual[row]![id]).toBeCloseTo(score, 5);
      }
    }
  });

  it('every network and target starts from the weights, in arrays of its own', () => {
    const agent = make(encoder);
    const init = policyOf(agent);
    const { networks } = initialRun(planOf(options(ids(ITEMS), { agent, init })));
    const sets = networks.flatMap((network) => [pick('params/', network), pick('target/', network)]);
    const all = sets.filter((set) => Object.keys(set).length > 0);
    expect(all).toHaveLength(agent.target === 'none' ? 1 : 2);
    for (const set of all) expect(set).toEqual(init.params);
    const buffers = [init.params, ...all].map((set) => Object.values(set)[0]!.data.buffer);
    expect(new Set(buffers).size).toBe(all.length + 1);
  });

  it('removed items are dropped, new ones are the mean of those kept, padding stays last', () => {
    const agent = make(encoder);
    const init = policyOf(agent);
    const itemIds = ['new', 'i4', ...ids(9).filter((id) => id !== 'i4'), 'newer'];
    const given = options(itemIds, { agent, init });
    const plan = planOf(given);
    expect(plan.warmStart!.items).toEqual({ kept: 9, added: 2, removed: 3 });
    for (const name of Object.keys(agent.itemTables)) {
      const [old, now] = [init.params[name]!, started(given)[0]![name]!];
      expect(now.shape).toEqual([old.shape[0]! - 1, ...old.shape.slice(1)]);
      expect(rowOf(now, 1)).toEqual(rowOf(old, 4));
      expect(rowOf(now, 2)).toEqual(rowOf(old, 0));
      const mean = rowOf(old, 0).map((_, i) => ids(9).reduce((sum, _, item) => sum + rowOf(old, item)[i]!, 0) / 9);
      for (const item of [0, 10]) {
        for (const [i, x] of rowOf(now, item).entries()) expect(x).toBeCloseTo(mean[i]!, 5);
      }
      if (old.shape[0] === ITEMS + 1) expect(rowOf(now, itemIds.length)).toEqual(rowOf(old, ITEMS));
    }
    for (const name of ['enc.pos', 'enc.ln.weight']) expect(started(given)[0]![name]).toEqual(init.params[name]);
  });
});

it('the mean of two items, by hand', () => {
  const agent = ce({ encoder: gru4rec({ width: 2 }) });
  const init = policyOf(agent, { items: 3 });
  init.params['emb.weight']!.data.set([1, 2, 3, 6, 50, 60, 7, 8]);
  init.params['ce.weight']!.data.set([1, 2, 3, 5, 6, 7, 90, 90, 90]);
  const [params] = started(options(['i1', 'new', 'i0'], { agent, init }));
  expect([...params!['emb.weight']!.data]).toEqual([3, 6, 2, 4, 1, 2, 7, 8]);
  expect([...params!['ce.weight']!.data]).toEqual([5, 6, 7, 3, 4, 5, 1, 2, 3]);
});

describe('encoders that start from texts', () => {
  const agent = ce({ encoder: sasrec({ width: 4, dropout: 0, itemInput: 'text-init' }) });
  const itemIds = [...ids(40), 'new', 'newer'];
  const texts = text(42);
  const some = float32(texts.data.slice(0, 40 * 5), [40, 5]);

  /** The policy whose item vectors are its text rows after a quarter turn of two columns, doubled and shifted. */
  function turned(columns = 5): Policy {
    const own = columns === 5 ? some : text(40, columns);
    const policy = policyOf(agent, { items: 40, text: own });
    const fresh = agent.init(key(0), { items: 42, window: 4, textSize: 5 }, texts)['emb.weight']!;
    for (let item = 0; item < 40; item++) policy.params['emb.weight']!.data.set(turn(rowOf(fresh, item)), item * 4);
    return policy;
  }
  const turn = ([a, b, c, d]: number[]) => [-b! + 1, a! + 2, c! + 3, d! + 4];

  it("a new item gets its text row, turned and shifted as the kept items' rows were", () => {
    const [params] = started(options(itemIds, { agent, init: turned(), text: texts }));
    const fresh = agent.init(key(3), { items: 42, window: 4, textSize: 5 }, texts)['emb.weight']!;
    for (const item of [40, 41]) {
      const row = rowOf(params!['emb.weight']!, item);
      for (const [i, x] of turn(rowOf(fresh, item)).entries()) expect(row[i]).toBeCloseTo(x, 4);
    }
    // The head is not made of texts: its new rows are the mean.
    expect(rowOf(params!['ce.weight']!, 40)).toEqual(rowOf(params!['ce.weight']!, 41));
  });

  it('texts with another number of columns say nothing: the mean', () => {
    const [params] = started(options(itemIds, { agent, init: turned(6), text: texts }));
    const [one, other] = [40, 41].map((item) => rowOf(params!['emb.weight']!, item));
    expect(one).toEqual(other);
  });
});

/** An agent from outside with an item in the last dimension of a parameter: a score per item and step of the window. */
const outside = defineAgent({
  type: 'warm-start-outside',
  schema: supervisedLossSchema,
  build(o, of) {
    const parts = supervisedParts(o, of);
    return {
      ...parts,
      init: (k, shape, texts) => ({
        ...parts.init(k, shape, texts),
        'mine.weight': float32(normal(k, 2 * shape.items), [2, shape.items]),
      }),
      phases: onePhase(0.01),
      loss({ params, batch }) {
        const all = tf.sum(params['mine.weight']!, 0, true);
        const term = tf.neg(tf.gather(tf.logSoftmax(tf.reshape(all, [-1])), batch.action as tf.Tensor1D));
        const unused = tf.mul(tf.sum(params['emb.weight']!), 0);
        const loss = tf.add(tf.mean(term), unused) as tf.Scalar;
        return { loss, metrics: { 'loss/own': loss }, terms: { own: term } };
      },
    };
  },
});

it('agents from outside: items in any dimension are found without being declared', () => {
  const agent = outside({ encoder });
  const init = policyOf(agent, { items: 3 });
  init.params['mine.weight']!.data.set([1, 2, 3, 10, 20, 30]);
  const [params] = started(options(['i2', 'new', 'i0'], { agent, init }));
  expect(params!['mine.weight']!.shape).toEqual([2, 3]);
  expect([...params!['mine.weight']!.data]).toEqual([3, 2, 1, 30, 20, 10]);
});

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

describe('what init refuses', () => {
  const thrown = (given: Partial<TrainOptions>, itemIds = ids(ITEMS)): unknown => {
    try {
      planOf(options(itemIds, given));
      return undefined;
    } catch (error) {
      return error;
    }
  };

  it.each<[string, () => Policy, RegExp]>([
    ['another agent', () => policyOf(snqn({ encoder })), /expected a policy with agent "ce"\. Got "snqn"/],
    [
      'another encoder',
      () => policyOf(ce({ encoder: gru4rec({ width: 4 }) })),
      /with encoder "sasrec"\. Got "gru4rec"/,
    ],
    ['another size', () => policyOf(ce({ encoder: sasrec({ width: 8, dropout: 0 }) })), /with encoder.width 4\. Got 8/],
    [
      'an option that changes no form',
      () => policyOf(ce({ encoder: sasrec({ width: 4, dropout: 0, activation: 'gelu' }) })),
      /with encoder.activation "relu"\. Got "gelu"/,
    ],
    [
      'another window',
      () => policyOf(ce({ encoder }), { window: 5 }),
      /expected float32\[4, 4\] as the parameter "enc.pos" of the policy\. Got "float32\[5, 4\]"/,
    ],
    [
      'no item in common',
      () => policyOf(ce({ encoder }), { itemIds: permuted.map((id) => `x${id}`) }),
      /shares items with the train data/,
    ],
    ['no policy', () => ({}) as Policy, /expected a policy\./],
  ])('%s', (_, init, message) => {
    expect(thrown({ init: init() })).toMatchObject({ code: 'E_TRAIN_INIT', message: expect.stringMatching(message) });
  });

  it('heads of another form, and a policy without ids', () => {
    const vpqOf = (qHeads: number) => vpq({ encoder, qHeads });
    expect(thrown({ agent: vpqOf(3), init: policyOf(vpqOf(2)) })).toMatchObject({
      code: 'E_TRAIN_INIT',
      message: expect.stringMatching(/float32\[12, 15\] as the parameter "q.weight".*Got "float32\[12, 10\]"/),
    });
    const agent = ce({ encoder });
    const { params, shape } = policyOf(agent);
    const init = createPolicy(agent, params, shape, { threads: 1 });
    open.push(init);
    expect(thrown({ init })).toMatchObject({
      code: 'E_TRAIN_INIT',
      message: expect.stringMatching(/expected a policy with item ids\. Train it with fit/),
    });
  });

  it('not a learning rate or a loss of its own', () => {
    const init = policyOf(ce({ encoder }));
    for (const agent of [ce({ encoder, lr: 0.1 }), ce({ encoder, ...sampled })])
      expect(thrown({ agent, init })).toBeUndefined();
  });
});
