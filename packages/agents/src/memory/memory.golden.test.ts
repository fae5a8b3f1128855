import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { splitByUserLists, topK, windowsOf } from '@lea/data';
import { loadIndustrial } from '@lea/data/node';
import { tfidfVectors } from '@lea/eval';
import { describe, expect, it } from 'vitest';
import { countingMemory } from './counting-memory.ts';
import { COUNTED, countLog, valueAt } from './counts.ts';
import { loggedRow } from './gate-rows.ts';
import { textTable } from './likeness.ts';
import { createMemory } from './memory.ts';
import type { Gate } from './mixture.ts';
import { type Component, type Parts, shareOf, slotsOf, weightsOf } from './mixture.ts';
import { ownEvents, usersOf } from './own-events.ts';
import { stateOf } from './state.ts';
import { neighborTable, rowOf } from './tables.ts';

/** Computed by another implementation, in NumPy and PyTorch; items are raw ids, histories are newest first. */
interface Golden {
  readonly components: readonly { name: string; place: number; b: number; kappa: number }[];
  readonly train_loss: number;
  readonly test: readonly {
    history: readonly string[];
    target: string;
    p_target: number;
    weight_popularity: number;
    top: readonly [item: string, p: number][];
  }[];
  readonly train_leave_own_user_out: readonly {
    user_events: number;
    position: number;
    history: readonly string[];
    target: string;
    p: Readonly<Record<string, number>>;
  }[];
}

const names: Record<string, Component> = {
  pop: 'popularity',
  fwd: 'forward',
  bwd: 'backward',
  dir: 'direct',
  tfidf4: 'text',
};

/** GOLDEN_DIR may be the folder of the agents' reference values alone, which has no memory. */
const given = `${process.env.GOLDEN_DIR}/memory`;
const folder = existsSync(given) ? given : fileURLToPath(new URL('../fixtures/memory', import.meta.url));
const golden = JSON.parse(await readFile(`${folder}/industrial.json`, 'utf8')) as Golden;
const data = process.env.LEA_DATA;

it('has reference values of every component', () => {
  expect(new Set(golden.components.map(({ name }) => name))).toEqual(new Set(Object.keys(names)));
  expect([golden.test.length, golden.train_leave_own_user_out.length]).toEqual([60, 60]);
});

describe.skipIf(!data)(
  'Industrial and Scientific (skipped unless LEA_DATA is the folder of the data sets)',
  async () => {
    if (!data) return;
    const { interactions, itemTexts } = await loadIndustrial(`${data}/industrial_and_scientific`);
    const listsPath = fileURLToPath(
      new URL('../../../eval/src/fixtures/baselines/scientific.split.json', import.meta.url),
    );
    const { train } = splitByUserLists(interactions, JSON.parse(await readFile(listsPath, 'utf8')));
    const text = tfidfVectors(itemTexts.texts);
    const nearest = await textTable(text, 4, 200);
    const parts: Parts = { counts: countLog(train, 10), text: nearest, smoothing: 1 };
    const slots = slotsOf(10, { text: true });
    const { itemIds } = train.sequences;
    const indexOf = new Map(itemIds.map((id, i) => [id, i]));
    const indices = (ids: readonly string[]) => ids.map((id) => indexOf.get(id)!);
    const relative = (a: number, b: number) => (a === b ? 0 : Math.abs(a - b) / Math.abs(b));

    const numbers = slots.map(({ component, place }) => {
      return golden.components.find((one) => names[one.name] === component && one.place === place)!;
    });
    const gate: Gate = {
      bias: numbers.map(({ b }) => b),
      evidence: Object.fromEntries(numbers.map(({ kappa }, i) => [slots[i]!.component, kappa])),
    };

    it('fits a gate of the same likelihood', async () => {
      const memory = await countingMemory(train, { text, repeats: false, neighbors: Infinity, textNeighbors: 200 });
      expect(Math.abs(memory.config.loss - golden.train_loss)).toBeLessThan(0.005);
    });

    it('gives the same probabilities with the same gate', async () => {
      const tables = COUNTED.map((component) => [component, neighborTable(parts.counts[component], Infinity)]);
      const state = stateOf(Float32Array.from(parts.counts.chosen), { ...Object.fromEntries(tables), text: nearest });
      const shape = { items: itemIds.length, window: 10, horizon: 10, smoothing: 1, repeats: false, neighbors: null };
      const memory = createMemory({ ...shape, gate, repeat: 0, loss: 0 }, state, { threads: 1 });
      const histories = golden.test.map(({ history }) => indices(history).reverse());
      const scores = await memory.score(windowsOf(histories, 10, itemIds.length));
      await memory.dispose();
      // Of texts that are equally near, another one may be the last that the reference keeps.
      const wide = await textTable(text, 4, 250);
      const isTied = (x: number, item: number) =>
        valueAt(nearest, x, item) === 0 && valueAt(wide, x, item) >= Math.min(...Array.from(rowOf(nearest, x).values));
      let tied = 0;
      for (const [row, { history, target, p_target, weight_popularity, top }] of golden.test.entries()) {
        const own = scores.subarray(row * itemIds.length, (row + 1) * itemIds.length);
        const p = (id: string) => Math.exp(own[indexOf.get(id)!]!);
        expect(relative(p(target), p_target), `row ${row}`).toBeLessThan(1e-4);
        const [popularity] = weightsOf(parts, slots, gate, indices(history));
        expect(relative(popularity!, weight_popularity), `row ${row}`).toBeLessThan(1e-4);
        const best = topK(own, 10);
        for (const [place, [id, wanted]] of top.entries()) {
          if (indices(history).some((x) => isTied(x, indexOf.get(id)!))) {
            tied++;
            continue;
          }
          expect(relative(p(id), wanted), `row ${row}, item ${id}`).toBeLessThan(1e-4);
          // Items may change places only where rounding decides.
          expect(relative(Math.exp(best[place]!.score), wanted), `row ${row}, place ${place}`).toBeLessThan(1e-4);
        }
      }
      expect(tied).toBeLessThan(3);
    });

    it('takes the own user of a row out of every count', () => {
      const users = usersOf(train);
      for (const wanted of golden.train_leave_own_user_out) {
        const ids = indices(wanted.history);
        const target = indexOf.get(wanted.target)!;
        // Rows are told by their content; where users have the same events, their shares are the same as well.
        const [from, to] = users.find(([from, to]) => {
          if (to - from !== wanted.user_events) return false;
          const { history, target: logged } = loggedRow(train, from + wanted.position, 10);
          return logged === target && history.length === ids.length && history.every((item, i) => item === ids[i]);
        })!;
        const own = ownEvents(train, from, to, 10);
        const found = slots.flatMap((slot, i) => {
          const { name, place } = numbers[i]!;
          const p = wanted.p[`${name}@${place}`];
          if (p === undefined) return [];
          const tolerance = slot.component === 'text' ? 1e-4 : 1e-9;
          expect(relative(shareOf(parts, slot, ids[place]!, target, own), p), `${name}@${place}`).toBeLessThan(
            tolerance,
          );
          return [name];
        });
        expect(found).toHaveLength(Object.keys(wanted.p).length);
      }
    });
  },
);
