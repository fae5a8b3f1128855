import { averages } from '@lea/eval';
import { expect, test } from 'vitest';
import { presets } from '../config/presets/index.ts';
import type { Published } from '../config/schema.ts';
import type { FinishedRun } from '../experiment/record.ts';
import { resultTable } from './table.ts';

const metrics = averages(Int32Array.of(2), new Uint8Array(1), ['click'], [10]);
const measured = {
  record: { name: 'CE', kind: 'run', seed: 0, seconds: 1, metrics },
  evaluation: { kinds: ['click'] },
  fresh: true,
} as unknown as FinishedRun;

test('rows of other studies are marked, follow the measured ones, and say source and protocol below', () => {
  const study = { source: 'A 2018', protocol: 'leave-one-out' };
  const published: Published[] = [
    { name: 'SASRec', metrics: { 'ndcg@10': 0.99 }, ...study },
    { name: 'GRU', metrics: { 'hr@10': 0.5, 'ndcg@3': 0.2 }, ...study },
  ];
  const { rows, marked, notes } = resultTable([measured], {
    served: 'CE',
    data: 'mini: 2 users',
    published,
  });
  expect(rows.slice(1)).toEqual([
    ['SASRec †', '.9900', '–', '–', '–', '–', '–'],
    ['GRU †', '–', '.5000', '–', '–', '–', '–'],
  ]);
  expect([marked, notes?.[0]]).toEqual([0, 'Data: mini: 2 users.']);
  expect(notes?.slice(2)).toEqual([
    '† Numbers of other studies, copied and not measured here. Nothing is concluded from them.',
    '† SASRec, GRU: A 2018. Protocol: leave-one-out.',
  ]);
});

test('presets carry the rows of other studies with their own numbers', () => {
  const rowOf = (preset: string, name: string) => presets[preset]!.published!.find((row) => row.name === name)!;
  expect(rowOf('beauty-s3rec', 'eSASRec').metrics).toEqual({ 'hr@10': 0.0928, 'ndcg@10': 0.0523 });
  expect(rowOf('rc15', 'Caser-SA2C').metrics).toMatchObject({
    'hr@5/purchase': 0.4917,
    'ndcg@20/purchase': 0.4192,
    'hr@5/click': 0.2948,
    'ndcg@20/click': 0.2549,
  });
  expect(presets['retailrocket-events']!.published).toHaveLength(20);
  // Another split is another protocol.
  expect(presets['rc15-time']!.published).toBeUndefined();
});
