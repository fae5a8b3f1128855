import fc from 'fast-check';
import { expect, test } from 'vitest';
import { drawSettings, withSetting } from './settings.ts';

const lr = { from: 0.0001, to: 0.1, scale: 'log' as const };
const space = { 'agent.lr': lr, 'agent.encoder.dropout': [0, 0.2, 0.5] };

test('the same seed gives the same settings, and more trials begin with the same ones', () => {
  const twenty = drawSettings(space, 'SASRec', 20, 3);
  expect(drawSettings(space, 'SASRec', 20, 3)).toEqual(twenty);
  expect(drawSettings(space, 'SASRec', 8, 3)).toEqual(twenty.slice(0, 8));
  expect(drawSettings(space, 'SASRec', 8, 4)).not.toEqual(twenty.slice(0, 8));
  expect(drawSettings(space, 'GRU4Rec', 8, 3)).not.toEqual(twenty.slice(0, 8));
  // Another option leaves the values of this one as they are.
  const wider = drawSettings({ width: [1, 2, 3], ...space }, 'SASRec', 8, 3);
  expect(wider.map((setting) => setting['agent.lr'])).toEqual(twenty.slice(0, 8).map((setting) => setting['agent.lr']));
});

test('values lie in their ranges, whole ones include both bounds, and all settings are different', () => {
  const count = fc.integer({ min: 1, max: 60 });
  fc.assert(
    fc.property(fc.integer(), count, (seed, trials) => {
      const drawn = drawSettings({ ...space, k: { from: 2, to: 5, whole: true } }, 'run', trials, seed);
      expect(new Set(drawn.map((setting) => JSON.stringify(setting))).size).toBe(trials);
      for (const { 'agent.lr': rate, k } of drawn) {
        expect(rate).toBeGreaterThanOrEqual(lr.from);
        expect(rate).toBeLessThanOrEqual(lr.to);
        expect([2, 3, 4, 5]).toContain(k);
      }
    }),
    { numRuns: 30 },
  );
  const all = drawSettings({ k: { from: 2, to: 5, whole: true } }, 'run', 4, 0);
  expect(all.map(({ k }) => k as number).toSorted()).toEqual([2, 3, 4, 5]);
});

test('a logarithmic range has as many values in each decade, a linear one nearly all in the last', () => {
  const below = (scale: 'log' | 'linear') =>
    drawSettings({ lr: { ...lr, scale } }, 'run', 3000, 1).filter(({ lr: rate }) => (rate as number) < 0.001).length;
  // A third: 1000 +- 4 standard deviations of 26; and 0.9 %.
  expect(Math.abs(below('log') - 1000)).toBeLessThan(104);
  expect(below('linear')).toBeLessThan(60);
});

test('a space with fewer settings than trials is refused', () => {
  expect(drawSettings({ a: [1, 2], b: [true, false] }, 'run', 4, 0)).toHaveLength(4);
  expect(() => drawSettings({ a: [1, 2], b: [true, false] }, 'run', 5, 0)).toThrow(
    expect.objectContaining({ code: 'E_CONFIG', value: '4 settings, 5 trials' }),
  );
});

test('a setting changes a copy at its paths', () => {
  const run = { name: 'a', agent: { type: 'ce', encoder: { type: 'sasrec' } } };
  expect(withSetting(run, { 'agent.encoder.dropout': 0.2, 'train.batch': 8, 'agent.lr': 1 })).toEqual({
    name: 'a',
    agent: { type: 'ce', encoder: { type: 'sasrec', dropout: 0.2 }, lr: 1 },
    train: { batch: 8 },
  });
  expect(run.agent.encoder).toEqual({ type: 'sasrec' });
  expect(() => withSetting(run, { 'agent.type.lr': 1 })).toThrow(/leads through "type"/);
});

test('a path within another one changes its value in this trial alone, in either order', () => {
  const run = { name: 'a', agent: { type: 'ce' } };
  const types = [{ type: 'gru4rec', width: 4 }, { type: 'sasrec' }];
  const [whole, width] = ['agent.encoder', 'agent.encoder.width'] as const;
  const widths = [8, 16, 32];
  for (const overlapping of [
    { [whole]: types, [width]: widths },
    { [width]: widths, [whole]: types },
  ]) {
    const settings = drawSettings(overlapping, 'CE', 6, 0);
    const trained = settings.map((setting) => withSetting(run, setting).agent);
    expect(trained).toEqual(
      settings.map((setting) => ({
        type: 'ce',
        encoder: { type: (setting[whole] as { type: string }).type, width: setting[width] },
      })),
    );
  }
  expect(types).toEqual([{ type: 'gru4rec', width: 4 }, { type: 'sasrec' }]);
});

test('a path does not lead to what all objects inherit', () => {
  for (const path of ['__proto__.x', 'agent.__proto__.x', 'constructor.x']) {
    expect(() => withSetting({ name: 'a' }, { [path]: 1 })).toThrow(expect.objectContaining({ code: 'E_CONFIG' }));
  }
  expect(({} as { x?: number }).x).toBeUndefined();
});
