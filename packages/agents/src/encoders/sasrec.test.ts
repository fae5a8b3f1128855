import { key } from '@lea/core';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { tensors } from '../testing/tensors.ts';
import { sasrec } from './sasrec.ts';
import { sasrecModern } from './sasrec-modern.ts';
import { histories, mixed, mode, near, noisy, pad, rows, shape } from './testing.ts';

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
