import { createWorld, splitByUser, windowsOf } from '@lea/data';
import { float32 } from '@lea/tensor';
import { expect, it } from 'vitest';
import { logOf, textOf } from '../fixtures/memory/logs.ts';
import { countingMemory } from './counting-memory.ts';
import { countLog } from './counts.ts';
import { textTable } from './likeness.ts';
import { probabilityOf, slotsOf, weightsOf } from './mixture.ts';
import { rowOf } from './tables.ts';

const { interactions } = createWorld({ seed: 0, users: 80, items: 30 });
const { train, test } = splitByUser(interactions, { seed: 0 });
const everything = { neighbors: Infinity, textNeighbors: Infinity };

it('scores are those of the mixture that it counted and fitted', async () => {
  const text = textOf(30);
  const memory = await countingMemory(train, {
    text,
    window: 4,
    horizon: 3,
    smoothing: 0.5,
    textPower: 2,
    ...everything,
  });
  const { gate, repeat, loss, ...settings } = memory.config;
  expect(settings).toEqual({ items: 30, window: 4, horizon: 3, smoothing: 0.5, repeats: true, neighbors: null });
  expect(repeat).not.toBe(0);
  const slots = slotsOf(4, { repeat: true, text: true });
  const parts = { counts: countLog(train, 3), text: await textTable(text, 2, Infinity), smoothing: 0.5 };
  const histories = [[], [3], [1, 2, 3, 4, 5]];
  const scores = await memory.score(windowsOf(histories, 6, 30));
  for (const [row, oldestFirst] of histories.entries()) {
    const history = oldestFirst.toReversed().slice(0, 4);
    const weights = weightsOf(parts, slots, gate, history);
    for (let item = 0; item < 30; item++) {
      const wanted = Math.log(probabilityOf(parts, slots, weights, history, item));
      expect(scores[row * 30 + item]).toBeCloseTo(wanted + (history.includes(item) ? repeat : 0), 3);
    }
  }
  expect(loss).toBeGreaterThan(1);
  expect(loss).toBeLessThan(Math.log(30));
  await memory.dispose();
  await expect(memory.score(windowsOf([[1]], 6, 30))).rejects.toMatchObject({ code: 'E_DISPOSED' });
});

it('keeps the neighbors it was told to', async () => {
  const memory = await countingMemory(train, { neighbors: 3, text: textOf(30), textNeighbors: 2 });
  const { forward, backward, direct, text } = memory.state.tables;
  for (let item = 0; item < 30; item++) {
    expect([forward, backward, direct].map((table) => rowOf(table, item).columns.length <= 3)).not.toContain(false);
    expect(rowOf(text!, item).columns.length).toBeLessThanOrEqual(2);
  }
  expect(memory.config.neighbors).toBe(3);
});

it('ranks what followed before what is popular', async () => {
  const memory = await countingMemory(train);
  expect([memory.name, memory.items, memory.window]).toEqual(['memory', 30, 10]);
  // Every event of the test users: the mean of ln p against that of popularity.
  let [told, popular] = [0, 0];
  const { chosen } = countLog(train, 1);
  const total = chosen.reduce((sum, count) => sum + count + 0.5, 0);
  const { items, offsets } = test.sequences;
  const rows = Array.from(test.event, (at, row) => ({
    history: items.slice(offsets[test.sequence[row]!], at),
    target: items[at]!,
  }));
  const scores = await memory.score(
    windowsOf(
      rows.map(({ history }) => history),
      10,
      30,
    ),
  );
  for (const [row, { target }] of rows.entries()) {
    told += scores[row * 30 + target]!;
    popular += Math.log((chosen[target]! + 0.5) / total);
  }
  expect(told).toBeGreaterThan(popular);
  await memory.dispose();
});

it('is the same for the same seed; a sample of rows makes another gate', async () => {
  const options = { gateSteps: 20 };
  const whole = await countingMemory(train, options);
  expect((await countingMemory(train, { ...options, seed: 1 })).hash).toBe(whole.hash);
  const sample = (seed: number) => countingMemory(train, { ...options, gateRows: 100, seed });
  const [one, again, another] = [await sample(0), await sample(0), await sample(1)];
  expect(again.hash).toBe(one.hash);
  expect(another.hash).not.toBe(one.hash);
  expect(one.config.gate).not.toEqual(whole.config.gate);
  // What is counted is the whole log all the same.
  expect(one.state.tables).toEqual(whole.state.tables);
});

it('a log of one user, one item, or without one history is no special case', async () => {
  for (const log of [logOf([[0, 1, 0]], 2), logOf([[0, 0]], 1), logOf([[0], [1]], 3)]) {
    const items = log.sequences.itemIds.length;
    const memory = await countingMemory(log, { text: textOf(items) });
    const scores = await memory.score(windowsOf([[], [0]], 10, items));
    expect(scores.every(Number.isFinite)).toBe(true);
    await memory.dispose();
  }
});

it.each([
  [{ window: 0 }, 'E_OPTION_VALUE', 0],
  [{ window: 2.5 }, 'E_OPTION_VALUE', 2.5],
  [{ horizon: 0 }, 'E_OPTION_VALUE', 0],
  [{ smoothing: 0 }, 'E_OPTION_VALUE', 0],
  [{ smoothing: Infinity }, 'E_OPTION_VALUE', Infinity],
  [{ neighbors: 0 }, 'E_OPTION_VALUE', 0],
  [{ neighbors: 1.5 }, 'E_OPTION_VALUE', 1.5],
  [{ textNeighbors: 0 }, 'E_OPTION_VALUE', 0],
  [{ textNeighbors: 2.5 }, 'E_OPTION_VALUE', 2.5],
  [{ textPower: 0 }, 'E_OPTION_VALUE', 0],
  [{ gateRows: 0 }, 'E_OPTION_VALUE', 0],
  [{ gateSteps: -1 }, 'E_OPTION_VALUE', -1],
  [{ seed: 0.5 }, 'E_OPTION_VALUE', 0.5],
])('refuses %o', async (options, code, value) => {
  const [name] = Object.keys(options);
  const message = expect.stringContaining(`countingMemory: ${name} must be `);
  await expect(countingMemory(train, options)).rejects.toMatchObject({ code, value, message });
});

it('refuses options of no such name, texts of other items, and an empty log', async () => {
  await expect(countingMemory(train, { windw: 3 } as object)).rejects.toMatchObject({
    code: 'E_OPTION_UNKNOWN',
    value: 'windw',
    hint: 'Did you mean "window"?',
  });
  for (const text of [textOf(29), float32(new Float32Array(30))]) {
    await expect(countingMemory(train, { text })).rejects.toMatchObject({
      code: 'E_TEXT_SHAPE',
      value: text.shape,
      hint: 'Expected shape [30, any], in the order of the catalog.',
    });
  }
  await expect(countingMemory({ ...train, count: 0 })).rejects.toMatchObject({
    code: 'E_DATA_EMPTY',
    value: 0,
    hint: 'Pass the train rows of a split.',
  });
});
