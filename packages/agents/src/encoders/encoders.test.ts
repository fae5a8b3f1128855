import { key } from '@lea/core';
import { type Tensors, toTensor, valueAndGrad } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import type { EncoderFactory } from '../define.ts';
import { keyTensor, tensors } from '../testing/tensors.ts';
import type { Encoder } from '../types.ts';
import { caser } from './caser.ts';
import { gru4rec } from './gru4rec.ts';
import { nextitnet } from './nextitnet.ts';
import { sasrec } from './sasrec.ts';
import { sasrecModern } from './sasrec-modern.ts';
import { histories, mixed, mode, near, noisy, pad, rows, shape, text } from './testing.ts';

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
