import { key, option, positive, whole } from '@lea/core';
import { float32, int32, type Tensors } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { gru4rec } from '../encoders/gru4rec.ts';
import { sasrec } from '../encoders/sasrec.ts';
import { agentConfig, agentTypes, createAgent, defineAgent, defineEncoder, encoderTypes } from '../registry.ts';
import { batchValues } from '../testing/decisions.ts';
import { keyTensor, tensors } from '../testing/tensors.ts';
import type { Encoder } from '../types.ts';
import { ccql } from './ccql.ts';
import { ce } from './ce.ts';
import { dqnNs } from './dqn-ns.ts';
import { proxy } from './proxy.ts';
import { sa2c } from './sa2c.ts';
import { sac } from './sac.ts';
import { snqn } from './snqn.ts';
import { sqn } from './sqn.ts';
import { decisions, encoder, list, mean, setUp, shape, value } from './testing.ts';
import { vpq } from './vpq.ts';

const factories = [ce, sqn, snqn, sac, sa2c, dqnNs, vpq, ccql, proxy];

test('all built-in agents are tested here', () => {
  expect(factories.map(({ type }) => type).sort()).toEqual(agentTypes().sort());
});

describe.each(factories.map((make) => [make.type, make] as const))('%s', (name, make) => {
  const agent = make({ encoder });

  test('comes back from its JSON', () => {
    const again = createAgent(JSON.parse(JSON.stringify(agentConfig(agent))));
    expect(agentConfig(again)).toEqual(agentConfig(agent));
    expect(agentConfig(agent)).toMatchObject({ type: name, encoder: { type: 'sasrec', width: 4 } });
  });

  test('the same key gives the same weights, another key others', () => {
    expect(agent.init(key(1), shape)).toEqual(agent.init(key(1), shape));
    expect(agent.init(key(1), shape)).not.toEqual(agent.init(key(2), shape));
  });

  test('the loss reads what inputs lists, and no more', () => {
    const { params, target, batch } = setUp(agent);
    const specs = agent.inputs(3, shape.window);
    const named = Object.fromEntries(Object.keys(specs).map((n) => [n, batch[n]!]));
    for (const [n, spec] of Object.entries(specs)) expect(named[n]!.shape, n).toEqual(spec.shape);
    const run = () =>
      agent.loss({ params, target, batch: named, key: keyTensor(), phase: agent.phases[0]!.name, frozen: {} });
    expect(Number.isFinite(value(run().loss))).toBe(true);
    expect(agent.inputs(3, 4, 5)).toMatchObject({ targets: { shape: [3, 5] }, targetWeights: { shape: [3, 5] } });
  });

  test('rows of a batch do not see each other: the loss is their mean', () => {
    // The contrastive term of CCQL compares rows: see its own test.
    const { batch, run } = setUp(name === 'ccql' ? ccql({ encoder, contrastiveWeight: 0 }) : agent);
    const single = decisions.map((_, i) => {
      const one = Object.fromEntries(Object.entries(batch).map(([n, x]) => [n, tf.slice(x, i, 1)]));
      return value(run({ batch: one }).loss);
    });
    expect(value(run().loss)).toBeCloseTo(mean(single), 5);
  });

  test('no tensor is left behind, every metric is a finite scalar', () => {
    const { run } = setUp(agent);
    const before = tf.memory().numTensors;
    tf.tidy(() => {
      const { metrics } = run();
      for (const [n, x] of Object.entries(metrics)) {
        expect(x.shape, n).toEqual([]);
        expect(Number.isFinite(value(x)), n).toBe(true);
      }
    });
    expect(tf.memory().numTensors).toBe(before);
  });

  test.skipIf(name === 'dqn-ns')('extra targets add their weighted cross entropy', () => {
    const targets = {
      targets: int32([3, 3, 0, 1, 5, 5], [3, 2]),
      targetWeights: float32([0.5, 0, 1, 1, 0, 2], [3, 2]),
    };
    const { run, params, batch } = setUp(agent);
    // In the first phase, where no weight depends on which negatives are left out for being targets.
    const phase = agent.phases[0]!.name;
    const without = list(run({ phase }).terms.ce);
    const withTargets = list(run({ phase, batch: { ...batch, ...tensors(targets) } }).terms.ce);
    const scores = agent.score(params, { items: batch.items!, length: batch.length! });
    const nll = tf.neg(tf.logSoftmax(scores)).arraySync() as number[][];
    const added = [0.5 * nll[0]![3]!, nll[1]![0]! + nll[1]![1]!, 2 * nll[2]![5]!];
    for (let i = 0; i < 3; i++) expect(withTargets[i]!).toBeCloseTo(without[i]! + added[i]!, 4);
  });

  test('sampled losses read the head rows of actions and candidates, no others', () => {
    const sampling = { loss: 'sampled-softmax', sampledItems: 3 } as const;
    const sampled = make({
      encoder,
      ...({ ...sampling, ...(name === 'sqn' && { cqlWeight: 0.1, bcqThreshold: 0.3 }) } as object),
    });
    expect(sampled.sampling).toEqual({ sampledItems: 3, power: 0 });
    expect(sampled.inputs(3, 4).candidates).toEqual({ dtype: 'int32', shape: [3] });
    const { params, batch, run } = setUp(sampled, { logQ: tf.fill([7], -Math.log(7)) });
    const { negatives: _, ...rest } = batch;
    const drawn = { ...rest, candidates: tf.tensor1d([1, 5, 1], 'int32') };
    const withNoise = (rows: readonly number[]) => {
      const noise = tf.expandDims(
        tf.tensor1d(Array.from({ length: 7 }, (_, item) => (rows.includes(item) ? 3 : 0))),
        1,
      );
      const heads = ['q.weight', 'ce.weight'].filter((head) => head in params);
      return { ...params, ...Object.fromEntries(heads.map((head) => [head, tf.add(params[head]!, noise)])) };
    };
    const loss = value(run({ batch: drawn }).loss);
    expect(Number.isFinite(loss)).toBe(true);
    expect(value(run({ batch: drawn, params: withNoise([0, 6]) }).loss)).toBe(loss);
    expect(value(run({ batch: drawn, params: withNoise([5]) }).loss)).not.toBe(loss);
  });

  test('misspelt options are refused', () => {
    expect(() => createAgent({ type: name, lrr: 1, encoder: { type: 'sasrec' } })).toThrow(/Did you mean "lr"/);
    expect(() => createAgent({ type: name, lr: '0.1', encoder: { type: 'sasrec' } })).toThrow(
      /lr must be a finite number/,
    );
  });
});

test('tied heads rank by the item table; with bias, plus a number per item', () => {
  const histories = tensors(batchValues(decisions, shape)) as { items: tf.Tensor; length: tf.Tensor } & Tensors;
  for (const tied of [true, 'bias'] as const) {
    const own = sasrec({ width: 4, dropout: 0, tied });
    const agent = ce({ encoder: own });
    const params = tensors(agent.init(key(3), shape));
    expect('ce.weight' in params).toBe(false);
    if (tied === 'bias') params['ce.bias'] = tf.reshape(tf.range(0, 7, 1), [7, 1]);
    const states = own.encode(params, histories, { train: false, label: 's' });
    const table = tf.slice(params['emb.weight'] as tf.Tensor2D, [0, 0], [7, 4]);
    const wanted = tf.matMul(states, table, false, true).arraySync() as number[][];
    const scores = agent.score(params, histories).arraySync();
    scores.forEach((row, i) => {
      row.forEach((s, j) => {
        expect(s).toBeCloseTo(wanted[i]![j]! + (tied === 'bias' ? j : 0), 4);
      });
    });
  }
});

test('loss at every position: the mean over the events of a row of what each prefix alone would cost', () => {
  const every = ce({ encoder: sasrec({ width: 4, dropout: 0, everyPosition: true }) });
  const { params, batch, run } = setUp(every);
  const got = list(run().terms.ce);
  const nll = (history: number[], action: number) => {
    const one = tensors(batchValues([{ history, action }], shape));
    const scores = every.score(params, { items: one.items!, length: one.length! });
    return -(tf.logSoftmax(scores).arraySync() as number[][])[0]![action]!;
  };
  expect(got[0]).toBeCloseTo(nll([], 2), 4);
  expect(got[1]).toBeCloseTo((nll([1], 2) + nll([1, 2], 3) + nll([1, 2, 3], 4)) / 3, 4);
  const window = [6, 0, 1, 2];
  const prefixes = window.map((_, j) => nll(window.slice(0, j + 1), window[j + 1] ?? 3));
  expect(got[2]).toBeCloseTo(prefixes.reduce((a, b) => a + b) / 4, 4);
  const targets = tensors({ targets: int32([3, 0, 1], [3, 1]), targetWeights: float32([1, 2, 0], [3, 1]) });
  const more = list(run({ batch: { ...batch, ...targets } }).terms.ce);
  expect(more[1]! - got[1]!).toBeCloseTo(2 * nll([1, 2, 3], 0), 4);
  expect(more[2]).toBeCloseTo(got[2]!, 5);
  const weighted = run({ batch: { ...batch, rowWeight: tf.tensor1d([2, 0, 0.5]) } });
  expect(weighted.loss.dataSync()[0]).toBeCloseTo((2 * got[0]! + 0.5 * got[2]!) / 3, 4);
});

test.each([
  { type: 'sac', weightClip: [0, 10] },
  { type: 'sa2c', negatives: 2 },
  { type: 'vpq', qHeads: 2 },
  { type: 'ccql', contrastiveWeight: 0 },
])('$type with a loss at every position: (CE_1 + ... + CE_{n-1} + w CE_n) / n', (config) => {
  const encoder = { type: 'sasrec', width: 4, dropout: 0, everyPosition: true };
  const agent = createAgent({ ...config, encoder });
  const { params, run } = setUp(agent);
  const { terms } = run();
  const weight = list(terms.weight);
  const nll = (history: number[], action: number) => {
    const one = tensors(batchValues([{ history, action }], shape));
    const scores = agent.score(params, { items: one.items!, length: one.length! });
    return -(tf.logSoftmax(scores).arraySync() as number[][])[0]![action]!;
  };
  const wanted = [
    weight[0]! * nll([], 2),
    (nll([1], 2) + nll([1, 2], 3) + weight[1]! * nll([1, 2, 3], 4)) / 3,
    (nll([6], 0) + nll([6, 0], 1) + nll([6, 0, 1], 2) + weight[2]! * nll([6, 0, 1, 2], 3)) / 4,
  ];
  expect(weight.some((w) => w > 0 && Math.abs(w - 1) > 0.1)).toBe(true);
  list(terms.ce).forEach((x, i) => {
    expect(x).toBeCloseTo(wanted[i]!, 4);
  });
});

/** GRU4Rec under another name of its item table. */
function renamed(everyPosition: boolean, declared: readonly string[] = ['items']): Encoder {
  const inner = gru4rec({ width: 4, everyPosition });
  const inside = ({ items, ...rest }: Tensors): Tensors => ({ ...rest, 'emb.weight': items! });
  return {
    ...inner,
    itemTables: declared,
    init(key, at) {
      const { 'emb.weight': items, ...rest } = inner.init(key, at);
      return { ...rest, items: items! };
    },
    itemTable: (params) => inner.itemTable(inside(params)),
    encode: (params, at, mode) => inner.encode(inside(params), at, mode),
    encodeAll: (params, at, mode) => inner.encodeAll(inside(params), at, mode),
  };
}

test.each([
  ['ce at every position', ce, true],
  ['ccql', ccql, false],
] as const)('%s reads the padding id off the item table that the encoder declares', (_, make, every) => {
  const wanted = setUp(make({ encoder: gru4rec({ width: 4, everyPosition: every }) })).run();
  expect(value(setUp(make({ encoder: renamed(every) })).run().loss)).toBe(value(wanted.loss));
  expect(() => setUp(make({ encoder: renamed(every, []) })).run()).toThrow(/does not name a parameter.*items/);
});

test('the registry takes new types and refuses names that are taken', () => {
  defineEncoder({ type: 'mine', schema: { width: option(whole(1), 4) }, build: ({ width }) => sasrec({ width }) });
  const sum = {
    type: 'sum',
    schema: { lr: option(positive, 0.1) },
    build: ({ lr }: { lr: number }, e: Encoder) => ce({ encoder: e, lr }),
  };
  expect(defineAgent(sum)({ encoder, lr: 0.2 }).config).toMatchObject({ type: 'sum', lr: 0.2 });
  const made = createAgent({ type: 'sum', encoder: { type: 'mine', width: 8 } });
  expect(made.encoder).toMatchObject({ name: 'mine', outputSize: 8, config: { type: 'mine', width: 8 } });
  expect(agentTypes()).toContain('sum');
  expect(encoderTypes()).toContain('mine');
  expect(() => createAgent({ type: 'sum', encoder: { type: 'mine', widht: 8 } })).toThrow(/Did you mean "width"/);
  expect(() => defineAgent(sum)).toThrow(/already/);
  defineAgent(sum, { override: true });
  expect(() => createAgent({ type: 'snqm', encoder: { type: 'sasrec' } })).toThrow(/Did you mean "snqn"/);
  expect(() => createAgent({ type: 'ce' } as never)).toThrow(/no encoder/);
});

const write = 'Write snqn({ encoder: sasrec() }).';

test.each<[string, unknown, string, string]>([
  ['nothing', undefined, 'E_OPTION_MISSING', `snqn: expected an encoder. ${write}`],
  ['null', null, 'E_OPTION_VALUE', `snqn: expected options with an encoder. Got null. ${write}`],
  ['a string', 'sasrec', 'E_OPTION_VALUE', `snqn: expected options with an encoder. Got "sasrec". ${write}`],
  [
    'a factory as encoder',
    { encoder: sasrec },
    'E_OPTION_VALUE',
    `snqn: expected an encoder. Got the function sasrec. Call it: a factory is no encoder yet. ${write}`,
  ],
  [
    'a factory alone',
    sasrec,
    'E_OPTION_VALUE',
    `snqn: expected options with an encoder. Got the function sasrec. Call it: a factory is no encoder yet. ${write}`,
  ],
  ['an array', [], 'E_OPTION_VALUE', `snqn: expected options with an encoder. Got []. ${write}`],
  [
    'an encoder',
    encoder,
    'E_OPTION_VALUE',
    `snqn: expected options with an encoder, got the encoder "sasrec" alone. ${write}`,
  ],
  ['other options alone', { gamma: 0.5 }, 'E_OPTION_MISSING', `snqn: expected an encoder. ${write}`],
  [
    'JSON as its encoder',
    { encoder: { type: 'sasrec' } },
    'E_OPTION_VALUE',
    `snqn: expected an encoder. Got {"type":"sasrec"}. ${write}`,
  ],
])('an agent refuses %s as its options', (_, given, code, message) => {
  expect(() => snqn(given as never)).toThrow(expect.objectContaining({ name: 'LeaError', code, message }));
});

test.each([null, 'large', [64], 64])('an encoder refuses %s as its options', (given) => {
  expect(() => sasrec(given as never)).toThrow(
    expect.objectContaining({
      name: 'LeaError',
      code: 'E_OPTION_VALUE',
      message: expect.stringMatching(/^sasrec: options must be an object\..*The options are: width, layers, /),
    }),
  );
});
