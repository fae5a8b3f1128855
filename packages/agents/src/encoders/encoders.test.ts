import { key } from '@lea/core';
import { float32, int32, toTensor, type Values } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, test } from 'vitest';
import { createEncoder } from '../registry.ts';
import { keyTensor, tensors } from '../testing.ts';
import type { Encoder, Mode } from '../types.ts';
import { sasrec, strong } from './sasrec.ts';

const shape = { items: 9, window: 5, textSize: 3 };
const text = float32(
  Array.from({ length: 27 }, (_, i) => Math.sin(i * i)),
  [9, 3],
);
const mode: Mode = { train: false, label: 'test', text: toTensor(text) };
const pad = shape.items;

const configs = [
  { type: 'gru4rec', size: 4 },
  { type: 'gru4rec', size: 4, text: 'project' },
  { type: 'sasrec', size: 4 },
  { type: 'sasrec', size: 4, heads: 2, blocks: 2, positions: 'recency' },
  { type: 'sasrec', size: 4, text: 'project' },
  { type: 'sasrec', size: 4, text: 'init', tied: 'bias' },
  { ...strong, type: 'sasrec', size: 4 },
];

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

describe.each(configs)('%o', (config) => {
  const encoder = createEncoder(config);
  const params = tensors(noisy(encoder));
  const states = (list: number[][], length: number[]) => rows(encoder.encode(params, histories(list, length), mode));

  test('the last of all states is the state', () => {
    const at = histories(
      [
        [3, 1, 4, 1, 5],
        [2, 7, pad, pad, pad],
      ],
      [5, 2],
    );
    const all = encoder.encodeAll(params, at, mode).arraySync();
    const last = rows(encoder.encode(params, at, mode));
    near(last[0]!, all[0]![4]!);
    near(last[1]!, all[1]![1]!);
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
  });

  test('rows do not see each other', () => {
    const list = [
      [3, 1, 4, 1, 5],
      [2, 7, pad, pad, pad],
      [pad, pad, pad, pad, pad],
    ];
    const lengths = [5, 2, 1];
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

  test('the future is not seen', () => {
    const all = (list: number[]) => encoder.encodeAll(params, histories([list], [5]), mode).arraySync()[0]!;
    if (config.type === 'sasrec' && 'positions' in config && config.positions === 'recency') return;
    near(all([3, 1, 4, 1, 5])[2]!, all([3, 1, 4, 8, 2])[2]!);
  });

  test('dropout: off in evaluation, its own mask per pass, the same for the same key', () => {
    const dropping = createEncoder({ ...config, dropout: 0.5 });
    const at = histories([[3, 1, 4, 1, 5]], [5]);
    const train = (label: string, seed: number) =>
      rows(dropping.encode(params, at, { ...mode, train: true, key: keyTensor(seed), label }))[0]!;
    near(rows(dropping.encode(params, at, mode))[0]!, rows(encoder.encode(params, at, mode))[0]!);
    expect(train('a', 1)).toEqual(train('a', 1));
    expect(train('a', 1)).not.toEqual(train('b', 1));
    expect(train('a', 1)).not.toEqual(train('a', 2));
  });
});

test('SASRec: an empty history gives exactly the bias of the last norm', () => {
  for (const options of [{}, { ...strong }]) {
    const encoder = sasrec({ ...options, size: 4 });
    const params = tensors(noisy(encoder));
    const [state] = rows(encoder.encode(params, histories([[pad, pad, pad, pad, pad]], [1]), mode));
    expect(state).toEqual(Array.from(params['enc.ln.bias']!.dataSync()));
  }
});

test('recency positions: the newest event has position 0 wherever it stands', () => {
  const encoder = sasrec({ size: 4, positions: 'recency' });
  const params = tensors(noisy(encoder));
  const early = rows(encoder.encode(params, histories([[4, pad, pad, pad, pad]], [1]), mode))[0]!;
  params['enc.pos'] = tf.concat([tf.slice(params['enc.pos']!, [0, 0], [1, 4]), tf.zeros([4, 4])]);
  near(rows(encoder.encode(params, histories([[4, pad, pad, pad, pad]], [1]), mode))[0]!, early);
});

test('text: the table holds id plus projected text, padding has none', () => {
  const encoder = sasrec({ size: 2, heads: 1, text: 'project' });
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
  expect(() => sasrec({ text: 'init' }).init(key(0), shape)).toThrow(/no text vectors/);
});

test('options: unknown keys, heads that do not divide', () => {
  expect(() => createEncoder({ type: 'sasrec', dropuot: 0.1 })).toThrow(/Did you mean "dropout"/);
  expect(() => createEncoder({ type: 'gru4rec', blocks: 2 })).toThrow(/no option of that name/);
  expect(() => sasrec({ size: 10, heads: 3 })).toThrow(/heads must divide/);
  expect(() => createEncoder({ type: 'sasrec', positions: 'recent' })).toThrow(/Did you mean "recency"/);
  expect(() => createEncoder({ type: 'gru4rec', tied: 1 })).toThrow(/one of: false, true, "bias"/);
  expect(() => createEncoder({ type: 'sasrek' })).toThrow(/Did you mean "sasrec"/);
});
