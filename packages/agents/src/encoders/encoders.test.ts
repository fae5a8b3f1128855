import { key } from '@lea/core';
import { float32, int32, type Tensors, toTensor, type Values, valueAndGrad } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import type { EncoderFactory } from '../define.ts';
import { keyTensor, tensors } from '../testing/tensors.ts';
import type { Encoder, Mode } from '../types.ts';
import { caser } from './caser.ts';
import { gru4rec } from './gru4rec.ts';
import { nextitnet } from './nextitnet.ts';
import { sasrec } from './sasrec.ts';
import { sasrecModern } from './sasrec-modern.ts';

const shape = { items: 9, window: 5, textSize: 3 };
const text = float32(
  Array.from({ length: 27 }, (_, i) => Math.sin(i * i)),
  [9, 3],
);
const mode: Mode = { train: false, label: 'test', text: toTensor(text) };
const pad = shape.items;

const configs: [EncoderFactory, object][] = [
  [gru4rec, {}],
  [gru4rec, { itemInput: 'id+text' }],
  [gru4rec, { gates: 'tensorflow' }],
  [caser, { filters: 3 }],
  [caser, { filters: 2, heights: [1, 5], itemInput: 'id+text' }],
  [nextitnet, {}],
  [nextitnet, { dilations: [1, 4], kernelSize: 2, itemInput: 'text-init', tied: true }],
  [nextitnet, { dilations: [2], itemInput: 'id+text', tied: 'bias' }],
  [sasrec, {}],
  [sasrec, { heads: 2, layers: 2, positions: 'recency' }],
  [sasrec, { itemInput: 'id+text', norm: 'pre', activation: 'gelu', mlpRatio: 2 }],
  [sasrec, { itemInput: 'text-init', tied: 'bias' }],
  [sasrecModern, {}],
  [sasrecModern, { layers: 1, heads: 1, mlpRatio: 1, tied: false, everyPosition: false, itemInput: 'id+text' }],
];
const cases = configs.map(([factory, options]) => ({
  name: `${factory.type} ${JSON.stringify(options)}`,
  recency: factory.type === 'sasrec-modern' || ('positions' in options && options.positions === 'recency'),
  make: (extra: object = {}) => factory({ width: 4, ...options, ...extra }),
}));

/** Parameters far enough from 0 that nothing passes by accident. */
function noisy(encoder: Encoder): Values {
  const params = encoder.init(key(5), shape, text);
  for (const [name, value] of Object.entries(params)) {
    const start = name.includes('.ln') && name.endsWith('weight') ? 1 : 0;
    value.data.set(Float32Array.from(value.data, (_, i) => start + 0.5 * Math.sin(i * 1.7 + name.length)));
  }
  return params;
}

const histories = (rows: number[][], length: number[]) => ({
  items: toTensor(int32(rows.flat(), [rows.length, rows[0]!.length])),
  length: toTensor(int32(length)),
});
const rows = (x: tf.Tensor) => x.arraySync() as number[][];

function near(actual: number[], wanted: number[], tolerance = 1e-5): void {
  expect(actual).toHaveLength(wanted.length);
  for (const [i, value] of wanted.entries()) expect(Math.abs(actual[i]! - value)).toBeLessThan(tolerance);
}

const mixed: Parameters<typeof histories> = [
  [
    [3, 1, 4, 1, 5],
    [2, 7, pad, pad, pad],
    [pad, pad, pad, pad, pad],
  ],
  [5, 2, 1],
];

describe.each(cases)('$name', ({ make, recency }) => {
  const encoder = make();
  const params = tensors(noisy(encoder));
  const states = (list: number[][], length: number[]) => rows(encoder.encode(params, histories(list, length), mode));

  test('states have the stated size, and the last of all states is the state', () => {
    const at = histories(...mixed);
    const all = encoder.encodeAll(params, at, mode);
    const last = encoder.encode(params, at, mode);
    expect(last.shape).toEqual([3, encoder.outputSize]);
    expect(all.shape).toEqual([3, 5, encoder.outputSize]);
    mixed[1].forEach((length, i) => {
      near(rows(last)[i]!, all.arraySync()[i]![length - 1]!);
    });
  });

  test('what lies in the padding does not matter, nor does the width of the window', () => {
    const [clean, dirty] = states(
      [
        [2, 7, pad, pad, pad],
        [2, 7, 8, 0, 3],
      ],
      [2, 2],
    );
    near(dirty!, clean!, 1e-7);
    near(states([[2, 7]], [2])[0]!, clean!, 1e-6);
    const narrow = encoder.encodeAll(params, histories([[2, 7, 1]], [3]), mode).arraySync()[0]!;
    const wide = encoder.encodeAll(params, histories([[2, 7, 1, pad, pad]], [3]), mode).arraySync()[0]!;
    narrow.forEach((state, i) => {
      near(state, wide[i]!, 1e-6);
    });
  });

  test('rows do not see each other', () => {
    const [list, lengths] = mixed;
    const one = states(list, lengths);
    const other = states(list.toReversed(), lengths.toReversed()).reverse();
    one.forEach((row, i) => {
      near(row, other[i]!, 1e-6);
    });
  });

  test('a history depends on its items and their order', () => {
    const [a, b, c] = states(
      [
        [1, 2, pad, pad, pad],
        [2, 1, pad, pad, pad],
        [1, 3, pad, pad, pad],
      ],
      [2, 2, 2],
    );
    expect(Math.max(...a!.map((x, i) => Math.abs(x - b![i]!)))).toBeGreaterThan(1e-3);
    expect(Math.max(...a!.map((x, i) => Math.abs(x - c![i]!)))).toBeGreaterThan(1e-3);
  });

  // Recency positions tell every event how many follow it.
  test.skipIf(recency)('the future is not seen', () => {
    const all = (list: number[]) => encoder.encodeAll(params, histories([list], [5]), mode).arraySync()[0]!;
    near(all([3, 1, 4, 1, 5])[2]!, all([3, 1, 4, 8, 2])[2]!);
  });

  test('dropout: off in evaluation, its own mask per pass, the same for the same key', () => {
    const dropping = make({ dropout: 0.5 });
    const at = histories(...mixed);
    const train = (label: string, seed: number) =>
      rows(dropping.encode(params, at, { ...mode, train: true, key: keyTensor(seed), label }));
    expect(rows(dropping.encode(params, at, mode))).toEqual(rows(encoder.encode(params, at, mode)));
    expect(train('a', 1)).toEqual(train('a', 1));
    expect(train('a', 1)).not.toEqual(train('b', 1));
    expect(train('a', 1)).not.toEqual(train('a', 2));
  });

  test('gradients equal central differences along a direction, parameter by parameter', () => {
    const f = (p: Tensors) => {
      const state = encoder.encode(p, histories(...mixed), mode);
      return tf.sum(tf.mul(state, tf.sin(tf.reshape(tf.range(1, state.size + 1), state.shape))));
    };
    const { grads } = valueAndGrad((p) => ({ loss: f(p) }), params);
    // Small, since relu bends: float32 leaves about 1e-3 of the quotient uncertain.
    const size = 2e-4;
    for (const [name, value] of Object.entries(params)) {
      const direction = tf.cos(tf.reshape(tf.range(0, value.size), value.shape));
      const at = (step: number) => f({ ...params, [name]: tf.add(value, tf.mul(direction, step)) }).dataSync()[0]!;
      const numeric = (at(size) - at(-size)) / (2 * size);
      const exact = grads[name] ? tf.sum(tf.mul(grads[name], direction)).dataSync()[0]! : 0;
      const difference = Math.abs(numeric - exact) / Math.max(1, Math.abs(numeric));
      expect(difference, `${name}: ${exact} against ${numeric}`).toBeLessThan(1e-2);
    }
  });
});

test.each([
  ['gru4rec', gru4rec({ width: 4 })],
  ['gru4rec, tensorflow', gru4rec({ width: 4, gates: 'tensorflow' })],
  ['caser', caser({ width: 4, heights: [1] })],
  ['nextitnet', nextitnet({ width: 4 })],
  ['sasrec', sasrec({ width: 4 })],
  ['sasrec-modern', sasrecModern({ width: 4 })],
])('%s: a window of one event, with gradients', (_, encoder) => {
  const params = tensors(encoder.init(key(5), { ...shape, window: 1 }, text));
  const at = histories([[3], [7]], [1, 1]);
  const { grads, aux } = valueAndGrad((p) => {
    const all = encoder.encodeAll(p, at, mode);
    return { loss: tf.sum(tf.square(all)), aux: { all, last: encoder.encode(p, at, mode) } };
  }, params);
  expect(aux.all!.shape).toEqual([2, 1, encoder.outputSize]);
  rows(aux.last!).forEach((row, i) => {
    near(row, (aux.all!.arraySync() as number[][][])[i]![0]!);
  });
  expect(Math.max(...tf.abs(grads['emb.weight']!).dataSync())).toBeGreaterThan(0);
});

describe('an empty history gives the same state whatever the items are', () => {
  const empty = (encoder: Encoder, params: Tensors) =>
    rows(encoder.encode(params, histories([[pad, pad, pad, pad, pad]], [1]), mode))[0]!;
  const relu = (x: tf.Tensor) => Array.from(x.dataSync(), (value) => Math.max(value, 0));

  test.each([
    ['sasrec', sasrec({ width: 4 })],
    ['sasrec-modern', sasrecModern({ width: 4 })],
  ])('%s: the bias of the last norm', (_, encoder) => {
    const params = tensors(noisy(encoder));
    expect(empty(encoder, params)).toEqual(Array.from(params['enc.ln.bias']!.dataSync()));
  });

  test('caser: relu of the biases', () => {
    const encoder = caser({ width: 4, filters: 2, heights: [2, 3] });
    const params = tensors(noisy(encoder));
    const columns = Array<number>(4).fill(relu(params['enc.v.bias']!)[0]!);
    const wanted = [...relu(params['enc.h.0.bias']!), ...relu(params['enc.h.1.bias']!), ...columns];
    expect(wanted.some((x) => x > 0)).toBe(true);
    expect(empty(encoder, params)).toEqual(wanted);
  });

  test('nextitnet: zeros', () => {
    const encoder = nextitnet({ width: 4 });
    expect(empty(encoder, tensors(noisy(encoder)))).toEqual([0, 0, 0, 0]);
  });

  test('gru4rec: a step on the padding vector, like one on an item of that vector', () => {
    const encoder = gru4rec({ width: 4 });
    const params = tensors(noisy(encoder));
    const before = empty(encoder, params);
    const table = params['emb.weight']!;
    params['emb.weight'] = tf.concat([tf.slice(table, [pad, 0], [1, 4]), tf.slice(table, [1, 0])]);
    near(rows(encoder.encode(params, histories([[0, pad, pad, pad, pad]], [1]), mode))[0]!, before, 1e-7);
  });
});

test('gru4rec by hand: where the reset gate comes in', () => {
  const params = {
    'emb.weight': tf.tensor2d([2, 3, 100], [3, 1]),
    // Of the gates r and z, and of the candidate n.
    'enc.gru.weight_ih_l0': tf.tensor2d([0.1, -0.2, 0.3], [3, 1]),
    'enc.gru.weight_hh_l0': tf.tensor2d([0.5, 0.4, -0.6], [3, 1]),
    'enc.gru.bias_ih_l0': tf.tensor1d([1, 1, 0.2]),
    'enc.gru.bias_hh_l0': tf.tensor1d([0, 0, 0.7]),
  };
  const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
  const steps = (candidate: (x: number, r: number, h: number) => number) =>
    [2, 3].reduce((h, x) => {
      const r = sigmoid(0.1 * x + 0.5 * h + 1);
      const z = sigmoid(-0.2 * x + 0.4 * h + 1);
      return (1 - z) * Math.tanh(candidate(x, r, h)) + z * h;
    }, 0);
  const state = (gates: 'torch' | 'tensorflow') =>
    rows(gru4rec({ width: 1, gates }).encode(params, histories([[0, 1, 2]], [2]), mode))[0]!;
  near(state('torch'), [steps((x, r, h) => 0.3 * x + 0.2 + r * (-0.6 * h + 0.7))], 1e-6);
  near(state('tensorflow'), [steps((x, r, h) => 0.3 * x + 0.2 - 0.6 * (r * h))], 1e-6);
});

test('gru4rec, tensorflow: gate biases begin at 1, weights lie within the Xavier bounds of their two parts', () => {
  const width = 16;
  const params = gru4rec({ width, gates: 'tensorflow' }).init(key(1), shape);
  expect(
    Object.keys(params)
      .filter((name) => name.includes('gru'))
      .map((name) => name.slice(8)),
  ).toEqual(['weight_ih_l0', 'weight_hh_l0', 'bias_ih_l0']);
  expect(Array.from(params['enc.gru.bias_ih_l0']!.data)).toEqual([...Array(32).fill(1), ...Array(16).fill(0)]);
  for (const name of ['enc.gru.weight_ih_l0', 'enc.gru.weight_hh_l0']) {
    const largest = (from: number, to: number) =>
      Math.max(...params[name]!.data.slice(from * width, to * width).map(Math.abs));
    const [gates, candidate] = [Math.sqrt(6 / 64), Math.sqrt(6 / 48)];
    expect(largest(0, 32)).toBeLessThanOrEqual(gates);
    expect(largest(32, 48)).toBeLessThanOrEqual(candidate);
    expect(largest(32, 48)).toBeGreaterThan(gates);
  }
});

test('a window wider than the parameters: refused where they have one', () => {
  const wide = histories([[3, 1, 4, 1, 5, 2, 6]], [7]);
  for (const encoder of [sasrec({ width: 4 }), sasrecModern({ width: 4 }), caser({ width: 4 })]) {
    const params = tensors(noisy(encoder));
    for (const pass of [encoder.encode, encoder.encodeAll]) {
      expect(() => pass(params, wide, mode)).toThrow(/newest 5 events/);
    }
  }
  for (const encoder of [gru4rec({ width: 4 }), nextitnet({ width: 4 })]) {
    expect(encoder.encode(tensors(noisy(encoder)), wide, mode).shape).toEqual([1, 4]);
  }
});

test('caser by hand: one filter of height 2, one vertical filter', () => {
  const encoder = caser({ width: 1, filters: 1, heights: [2] });
  const params = {
    'emb.weight': tf.tensor2d([2, 3, 100], [3, 1]),
    'enc.h.0.weight': tf.tensor3d([1, 10], [1, 1, 2]),
    'enc.h.0.bias': tf.tensor1d([-5]),
    'enc.v.weight': tf.tensor3d([1, -1, 4], [1, 3, 1]),
    'enc.v.bias': tf.tensor1d([0.5]),
  };
  // Items 1, 0: pairs (3, 2) and (2, 0) give 23 and 2; slots give 3 - 2 + 0.5. Item 0 alone: 2 - 5 < 0; 2.5.
  const both = histories(
    [
      [1, 0, 2],
      [0, 2, 2],
    ],
    [2, 1],
  );
  expect(rows(encoder.encode(params, both, mode))).toEqual([
    [18, 1.5],
    [0, 2.5],
  ]);
});

test('caser: initial filters lie within two standard deviations, biases are 0.1', () => {
  const params = caser().init(key(0), { items: 3, window: 10 });
  const filters = Array.from(params['enc.h.2.weight']!.data);
  expect(filters).toHaveLength(16 * 64 * 4);
  expect(Math.max(...filters.map(Math.abs))).toBeLessThanOrEqual(Math.fround(0.2));
  const deviation = Math.sqrt(filters.reduce((sum, x) => sum + x * x, 0) / filters.length);
  // A normal distribution cut at two deviations keeps 0.88 of its own.
  expect(Math.abs(deviation - 0.088)).toBeLessThan(0.003);
  expect(new Set(params['enc.v.bias']!.data)).toEqual(new Set([Math.fround(0.1)]));
});

test('nextitnet sees back as far as its dilations reach', () => {
  const state = (dilations: number[], history: number[]) => {
    const encoder = nextitnet({ width: 4, dilations });
    return rows(encoder.encode(tensors(noisy(encoder)), histories([history], [5]), mode))[0]!;
  };
  const plain = [3, 1, 4, 1, 5];
  const thirdBack = [3, 6, 4, 1, 5];
  const fourthBack = [6, 1, 4, 1, 5];
  // Kernel 3: a block of dilation 1 sees all offsets up to 6, one of dilation 2 the even ones up to 12.
  expect(state([1], thirdBack)).not.toEqual(state([1], plain));
  expect(state([2], thirdBack)).toEqual(state([2], plain));
  expect(state([2], fourthBack)).not.toEqual(state([2], plain));
});

test('recency positions: the newest event has position 0 wherever it stands', () => {
  const encoder = sasrec({ width: 4, positions: 'recency' });
  const params = tensors(noisy(encoder));
  const early = rows(encoder.encode(params, histories([[4, pad, pad, pad, pad]], [1]), mode))[0]!;
  params['enc.pos'] = tf.concat([tf.slice(params['enc.pos']!, [0, 0], [1, 4]), tf.zeros([4, 4])]);
  near(rows(encoder.encode(params, histories([[4, pad, pad, pad, pad]], [1]), mode))[0]!, early);
});

test('sasrec-modern is sasrec with the modern choices', () => {
  const modern = sasrecModern({ width: 4 });
  const same = sasrec({
    ...{ width: 4, layers: 2, heads: 2, mlpRatio: 2, dropout: 0.3, tied: true, everyPosition: true },
    ...{ positions: 'recency', norm: 'pre', activation: 'gelu' },
  });
  const params = tensors(noisy(modern));
  expect(Object.keys(same.init(key(0), shape))).toEqual(Object.keys(params));
  const at = histories(...mixed);
  expect(rows(modern.encode(params, at, mode))).toEqual(rows(same.encode(params, at, mode)));
  expect([modern.tied, modern.everyPosition]).toEqual([true, true]);
});

test('text: the table holds id plus projected text, padding has none', () => {
  const encoder = sasrec({ width: 2, heads: 1, itemInput: 'id+text' });
  const params = tensors(encoder.init(key(0), { ...shape }));
  const table = rows(encoder.itemTable(params, mode.text));
  const free = rows(params['emb.weight']!);
  const projected = rows(
    tf.matMul(toTensor(text) as tf.Tensor2D, params['emb.text.weight'] as tf.Tensor2D, false, true),
  );
  table.forEach((row, i) => {
    near(
      row,
      row.map((_, j) => free[i]![j]! + projected[i]![j]!),
      1e-6,
    );
  });
  expect(() => encoder.itemTable(params)).toThrow(/frozen\.text/);
  expect(() => sasrec({ itemInput: 'text-init' }).init(key(0), shape)).toThrow(/no text vectors/);
});

test('options: unknown keys, values that make no sense', () => {
  const given = (factory: EncoderFactory, options: object) => () => factory(options);
  expect(given(sasrec, { dropuot: 0.1 })).toThrow(/Did you mean "dropout"/);
  expect(given(gru4rec, { layers: 2 })).toThrow(/no option with this name/);
  expect(given(sasrec, { width: 10, heads: 3 })).toThrow(/heads must divide/);
  expect(given(sasrecModern, { width: 5 })).toThrow(/heads must divide/);
  expect(given(sasrec, { positions: 'recent' })).toThrow(/Did you mean "recency"/);
  expect(given(gru4rec, { tied: 1 })).toThrow(/one of: false, true, "bias"/);
  expect(given(gru4rec, { gates: 'keras' })).toThrow(/invalid value for gates/);
  expect(given(caser, { tied: true })).toThrow(/no option with this name/);
  expect(given(caser, { heights: [] })).toThrow(/list of whole numbers/);
  expect(given(caser, { heights: 3 })).toThrow(/list of whole numbers/);
  expect(given(nextitnet, { dilations: [1, 0] })).toThrow(/list of whole numbers/);
  expect(given(nextitnet, { kernelSize: 1.5 })).toThrow(/whole number/);
  expect(() => caser().init(key(0), { items: 3, window: 3 })).toThrow(/must not exceed the window of 3/);
});
