import { expect, test } from 'vitest';
import { mixSignals } from './mix-signals.ts';

const one = {
  reward: Float32Array.of(1, 2),
  k: 1,
  targets: Int32Array.of(3, 4),
  targetWeights: Float32Array.of(1, 0.5),
  targetRewards: Float32Array.of(0.2, 0.4),
};
const other = {
  reward: Float32Array.of(5, 0),
  k: 2,
  targets: Int32Array.of(6, 7, 8, 9),
  targetWeights: Float32Array.of(0.25, 0.75, 1, 0),
  targetRewards: Float32Array.of(1, 2, 3, 4),
};

test('targets stand side by side with their rewards; their weights, and rewards of rows, go by the shares', () => {
  const mixed = mixSignals([one, other], [1, 3]);
  expect(mixed.k).toBe(3);
  expect([...mixed.targets!]).toEqual([3, 6, 7, 4, 8, 9]);
  expect([...mixed.targetWeights!]).toEqual([0.25, 0.1875, 0.5625, 0.125, 0.75, 0]);
  expect([...mixed.targetRewards!].map((r) => +r.toFixed(6))).toEqual([0.2, 1, 2, 0.4, 3, 4]);
  expect([...mixed.reward!]).toEqual([4, 0.5]);
});

test('equal shares by default; parts that nobody brings are left out', () => {
  const { targetWeights, ...rest } = mixSignals([
    { k: 1, targets: one.targets, targetWeights: one.targetWeights },
    { k: 1, targets: one.targets, targetWeights: one.targetWeights },
  ]);
  expect([...targetWeights!]).toEqual([0.5, 0.5, 0.25, 0.25]);
  expect(Object.keys(rest).sort()).toEqual(['k', 'targets']);
  const states = { environmentState: Float32Array.of(1, 2), stateSize: 1 };
  expect(mixSignals([{ ...one, ...states }, other])).toMatchObject(states);
});

test('the rows of the teachers are those of the mixture', () => {
  const known = { ...one, rowsHash: 'a' };
  for (const teachers of [[known], [known, { ...other, rowsHash: 'a' }], [other, known]]) {
    expect(mixSignals(teachers).rowsHash).toBe('a');
  }
  expect(mixSignals([one, other])).not.toHaveProperty('rowsHash');
});

test.each([
  ['no teachers', [], undefined, 'E_SIGNALS_VALUE'],
  ['shares of another number', [one, other], [1], 'E_SIGNALS_VALUE'],
  ['a negative share', [one, other], [2, -1], 'E_SIGNALS_VALUE'],
  ['shares that sum up to nothing', [one, other], [0, 0], 'E_SIGNALS_VALUE'],
  ['a part that only one brings', [one, { ...other, reward: undefined }], undefined, 'E_SIGNALS_VALUE'],
  ['other rows', [one, { ...other, reward: Float32Array.of(1) }], undefined, 'E_SIGNALS_ROWS'],
  [
    'other rows by their hash',
    [
      { ...one, rowsHash: 'a' },
      { ...other, rowsHash: 'b' },
    ],
    undefined,
    'E_SIGNALS_ROWS',
  ],
  [
    'two states',
    [one, one].map((s) => ({ ...s, environmentState: Float32Array.of(1, 2), stateSize: 1 })),
    undefined,
    'E_SIGNALS_VALUE',
  ],
])('%s: refused', (_, teachers, shares, code) => {
  expect(() => mixSignals(teachers as never, shares)).toThrow(expect.objectContaining({ code }));
});
