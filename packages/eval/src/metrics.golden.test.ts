import { readSafetensors } from '@lea/tensor';
import { describe, expect, it } from 'vitest';
import { averages, rankOf } from './metrics.ts';
import { goldenPath } from './testing/golden.ts';

const { tensors } = await readSafetensors(goldenPath('agents/metrics.safetensors'));
const ks = [...tensors.ks!.data];

/** Rounded to float32 in the file, from values near 1. */
const TOLERANCE = 1e-7;

const cases = ['plain', 'ties', 'k_gt_n', 'one_item', 'neg_inf', 'wide'];

it('compares every case of the file', () => {
  const named = new Set(Object.keys(tensors).map((name) => name.split('.')[0]));
  expect([...named].sort()).toEqual([...cases, 'ks'].sort());
});

describe.each(cases)('%s', (name) => {
  const scores = tensors[`${name}.scores`]!;
  const [rows, items] = scores.shape as [number, number];
  const target = tensors[`${name}.target`]!.data;
  const ranks = Array.from({ length: rows }, (_, row) => {
    return rankOf(scores.data as Float32Array, target[row]!, row * items, items);
  });

  it('ranks', () => {
    expect(ranks).toEqual([...tensors[`${name}.rank`]!.data]);
  });

  it.each(['all', 'click', 'purchase'])('averages of %s', (group) => {
    const metrics = averages(ranks, tensors[`${name}.is_buy`]!.data, ['click', 'purchase'], ks);
    const suffix = group === 'all' ? '' : `/${group}`;
    for (const measure of ['hr', 'ndcg', 'mrr']) {
      const wanted = tensors[`${name}.${group}.${measure}`]!.data;
      for (const [i, k] of ks.entries()) {
        const given = metrics[`${measure}@${k}${suffix}`]!;
        if (Number.isNaN(wanted[i])) expect(given).toBeNaN();
        else expect(Math.abs(given - wanted[i]!), `${measure}@${k}`).toBeLessThanOrEqual(TOLERANCE);
      }
    }
  });
});
