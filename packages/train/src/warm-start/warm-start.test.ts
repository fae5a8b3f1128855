import {
  ce,
  createPolicy,
  defineAgent,
  type Encoder,
  gru4rec,
  onePhase,
  type Policy,
  sasrec,
  supervisedLossSchema,
  supervisedParts,
} from '@lea/agents';
import { key, normal } from '@lea/core';
import { windowsOf } from '@lea/data';
import { float32, pick, type Value, type Values } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, it } from 'vitest';
import type { TrainOptions } from '../options.ts';
import { planOf } from '../plan.ts';
import { initialRun } from '../progress.ts';
import { agents, disposeOpen, encoder, ITEMS, ids, open, options, permuted, policyOf } from './testing.ts';

afterEach(disposeOpen);

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

const text = (items: number, columns = 5) =>
  float32(
    Float32Array.from({ length: items * columns }, (_, i) => Math.sin(i * i)),
    [items, columns],
  );

const histories = [['i3'], ['i1', 'i4', 'i7'], ['i11', 'i0', 'i5', 'i8']];

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
