import { describe, expect, it } from 'vitest';
import { expectClose, ranking, scores } from '../testing/histories.ts';
import { transitionsOf } from '../testing/transitions.ts';
import { ease } from './ease.ts';
import { itemKnn } from './item-knn.ts';
import { sknn } from './sknn.ts';
import { stan } from './stan.ts';
import { vsknn } from './vsknn.ts';

// Items are chosen 2, 3, 2, 1, 0 times, the sequences end at 2, 5 and 7.
const train = transitionsOf(
  [
    [0, 1, 2],
    [0, 1, 3],
    [1, 2],
  ],
  5,
);
const share = [2 / 8, 3 / 8, 2 / 8, 1 / 8, 0];
/** Scores and the popularity that breaks their ties. */
const wanted = (...given: number[]): number[] => given.map((score, item) => score + 1e-6 * share[item]!);

describe('itemKnn', () => {
  it('is the decayed sum of cosines', async () => {
    // Common users: 2 of 0 and 1, 1 of 0 and 2, 1 of 0 and 3, 2 of 1 and 2, 1 of 1 and 3.
    const r = Math.sqrt;
    const near0 = [0, 2 / r(6), 1 / 2, 1 / r(2), 0];
    const near1 = [2 / r(6), 0, 2 / r(6), 1 / r(3), 0];
    const both = (decay: number) => wanted(...near1.map((near, item) => near + decay * near0[item]!));
    expectClose(await scores(itemKnn(train), 0, 1), both(0.8));
    expectClose(await scores(itemKnn(train, { decay: 0.5 }), 0, 1), both(0.5));
    expectClose(await scores(itemKnn(train, { window: 1 }), 0, 1), wanted(...near1));
    // An item chosen twice counts twice.
    expectClose(await scores(itemKnn(train), 1, 1), wanted(...near1.map((near) => 1.8 * near)));
  });

  it('divides by the counts to the power alpha', async () => {
    expectClose(await scores(itemKnn(train, { countPower: 0 }), 0), wanted(0, 2, 1, 1, 0));
    expectClose(await scores(itemKnn(train, { countPower: 1 }), 0), wanted(0, 2 / 6, 1 / 4, 1 / 2, 0));
  });

  it('keeps the nearest items, of equal ones the smaller', async () => {
    expectClose(await scores(itemKnn(train, { countPower: 0, neighbors: 2 }), 0), wanted(0, 2, 1, 0, 0));
    expectClose(await scores(itemKnn(train, { neighbors: 1 }), 0), wanted(0, 2 / Math.sqrt(6), 0, 0, 0));
    expectClose(await scores(itemKnn(train, { neighbors: 1 }), 3), wanted(1 / Math.sqrt(2), 0, 0, 0, 0));
  });
});

describe('sknn', () => {
  // Cosines with {0, 1} but for its own length: 2 / sqrt(3) twice, 1 / sqrt(2).
  const [a, b] = [2 / Math.sqrt(3), 1 / Math.sqrt(2)];

  it('sums the similarities of the neighbors that hold an item', async () => {
    const all = 2 * a + b;
    expectClose(await scores(sknn(train), 0, 1), wanted((2 * a) / all, 1, (a + b) / all, a / all, 0));
    expectClose(await scores(sknn(train), 1, 0, 1), wanted((2 * a) / all, 1, (a + b) / all, a / all, 0));
  });

  it('takes the most similar neighbors, of equal ones the latest', async () => {
    expectClose(await scores(sknn(train, { neighbors: 2 }), 0, 1), wanted(1, 1, 1 / 2, 1 / 2, 0));
    expectClose(await scores(sknn(train, { neighbors: 1 }), 0, 1), wanted(1, 1, 0, 1, 0));
  });

  it('compares with the latest sequences that share an item', async () => {
    expectClose(await scores(sknn(train, { sample: 1 }), 0, 1), wanted(0, 1, 1, 0, 0));
    expectClose(await scores(sknn(train, { sample: 1 }), 0), wanted(1, 1, 0, 1, 0));
    // Found through 2 and then 0, the third sequence comes before the second.
    expectClose(await scores(sknn(train, { sample: 1 }), 0, 2), wanted(0, 1, 1, 0, 0));
  });

  it('reads the last items only', async () => {
    expectClose(await scores(sknn(train, { window: 1 }), 1, 3), wanted(1, 1, 0, 1, 0));
  });

  it('keeps nothing from one history to the next', async () => {
    const scorer = sknn(train);
    await scores(scorer, 0, 1, 2);
    expectClose(await scores(scorer, 3), wanted(1, 1, 0, 1, 0));
  });
});

describe('vsknn', () => {
  it('weighs items by their place in the history, and neighbors by their most recent common item', async () => {
    // Of 3, 0, 2 (last): 1/3, 2/3, 1. The sequences share 0 and 2; 3 and 0; 2.
    const [a, b, c] = [5 / 3, 1, 1];
    const all = a + b + c;
    expectClose(
      await scores(vsknn(train), 3, 0, 2),
      wanted((a + b / 2) / all, (a + b / 2 + c) / all, (a + c) / all, b / 2 / all, 0),
    );
  });

  it('weighs positions by a power', async () => {
    // 1/9, 4/9, 1 instead of 1/3, 2/3, 1.
    const [a, b, c] = [13 / 9, 5 / 9, 1];
    const all = a + b + c;
    expectClose(
      await scores(vsknn(train, { positionPower: 2 }), 3, 0, 2),
      wanted((a + b / 2) / all, (a + b / 2 + c) / all, (a + c) / all, b / 2 / all, 0),
    );
  });

  it('favors rare items by `idf`, and never counts a frequent one against itself', async () => {
    // 1 is chosen once in each of the three sequences, 0 and 2 twice, 3 once.
    const rare = (count: number) => 1 + 5 * Math.log(3 / count);
    expectClose(
      await scores(vsknn(train, { idf: 5 }), 1),
      wanted(rare(2) * (2 / 3), 1, rare(2) * (2 / 3), rare(1) / 3, 0),
    );
    const often = transitionsOf([[0, 0, 0, 1]], 2);
    expectClose(await scores(vsknn(often, { idf: 5 }), 1), [1 + 0.75e-6, 1 + 0.25e-6]);
  });

  it('counts an item chosen twice by its last choice', async () => {
    // 0 weighs 1 and 2 weighs 2/3.
    const [a, b, c] = [5 / 3, 1, 2 / 3];
    const all = a + b + c;
    expectClose(
      await scores(vsknn(train), 0, 2, 0),
      wanted((a + b) / all, (a + b + c / 2) / all, (a + c / 2) / all, b / all, 0),
    );
  });
});

describe('stan', () => {
  const e = Math.exp;

  it('has decays in the history and in the neighbors', async () => {
    // The history 0, 1: all have 1 in common, at the places 1, 1 and 0.
    const a = (1 + e(-1 / 2)) / Math.sqrt(3);
    const b = 1 / Math.sqrt(2);
    const all = 2 * a + b;
    const step = e(-1 / 4);
    expectClose(
      await scores(stan(train), 0, 1),
      wanted((2 * a * step) / all, 1, ((a + b) * step) / all, (a * step) / all, 0),
    );
    const [a1, step3] = [(1 + e(-1)) / Math.sqrt(3), e(-1 / 3)];
    const all1 = 2 * a1 + b;
    expectClose(
      await scores(stan(train, { positionScale: 1, distanceScale: 3, backward: 0.5 }), 0, 1),
      wanted((a1 * step3) / all1, 1, ((a1 + b) * step3) / all1, (a1 * step3) / all1, 0),
    );
  });

  it('goes by the most recent common item', async () => {
    // Of 2, 0 the first sequence has 0 at place 0, the second too, the third 2 at place 1.
    const [a, b, c] = [(1 + e(-1 / 2)) / Math.sqrt(3), 1 / Math.sqrt(3), e(-1 / 2) / Math.sqrt(2)];
    const all = a + b + c;
    const step = e(-1 / 4);
    expectClose(
      await scores(stan(train), 2, 0),
      wanted((a + b) / all, ((a + b + c) * step) / all, (a * e(-2 / 4) + c) / all, (b * e(-2 / 4)) / all, 0),
    );
  });

  it('weighs sequences by age where ageScale says so', async () => {
    const far = { distanceScale: 1e9 };
    const [old, young] = [e((5 - 7) / 2) / Math.sqrt(3), 1 / Math.sqrt(2)];
    const oldest = e((2 - 7) / 2) / Math.sqrt(3);
    const all = oldest + old + young;
    expectClose(
      await scores(stan(train, { ...far, ageScale: 2 }), 1),
      wanted((oldest + old) / all, 1, (oldest + young) / all, old / all, 0),
      8,
    );
  });

  it('ranks by popularity where all sequences are too old for a number', async () => {
    expectClose(await scores(stan(train, { ageScale: 0.001 }), 0), wanted(0, 0, 0, 0, 0), 15);
  });
});

describe.each([
  ['itemKnn', itemKnn],
  ['sknn', sknn],
  ['vsknn', vsknn],
  ['stan', stan],
  ['ease', ease],
])('%s', (name, make: typeof itemKnn) => {
  it('ranks empty histories and items that nobody had by popularity', async () => {
    const scorer = make(train);
    expect(scorer).toMatchObject({ name, items: 5, window: 10 });
    expect(await ranking(scorer)).toEqual([1, 0, 2, 3, 4]);
    expect(await scores(scorer)).toEqual(wanted(0, 0, 0, 0, 0));
    expect((await ranking(make(train, { repeat: 'never' }), 4)).slice(0, 4)).toEqual([1, 0, 2, 3]);
  });

  it('breaks ties by popularity', async () => {
    // 2 and 3 follow 0 alike, but 3 was chosen twice.
    const alike = transitionsOf(
      [
        [0, 2],
        [3, 0, 3],
      ],
      4,
    );
    expect((await ranking(make(alike, { repeat: 'never' }), 0)).slice(0, 3)).toEqual([3, 2, 1]);
  });

  it("handles the window's own items as `repeat` says", async () => {
    const plain = await scores(make(train), 0, 1);
    const raised = await scores(make(train, { repeat: 2 }), 0, 1);
    const pushed = await scores(make(train, { repeat: 'never' }), 0, 1);
    expect(raised[1]! - plain[1]!).toBeCloseTo(2, 12);
    expect(raised[0]!).toBeGreaterThan(plain[0]!);
    expect(raised.slice(2)).toEqual(plain.slice(2));
    expect(pushed).toEqual([Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY, ...plain.slice(2)]);
  });

  it('refuses unknown options and values', () => {
    expect(() => make(train, { windo: 1 } as object)).toThrow(/window/);
    for (const bad of [{ window: 0 }, { window: 1.5 }, { repeat: Number.NaN }, { repeat: 'no' as never }]) {
      expect(() => make(train, bad)).toThrow(expect.objectContaining({ code: 'E_OPTION_VALUE' }));
    }
  });
});

it.each([
  () => itemKnn(train, { decay: 1.1 }),
  () => itemKnn(train, { countPower: -0.1 }),
  () => itemKnn(train, { neighbors: 0 }),
  () => sknn(train, { neighbors: 0 }),
  () => vsknn(train, { sample: 0 }),
  () => stan(train, { neighbors: 0 }),
  () => stan(train, { positionScale: 0 }),
  () => stan(train, { ageScale: 0 }),
  () => stan(train, { distanceScale: 0 }),
  () => stan(train, { backward: -1 }),
  () => ease(train, { decay: -1 }),
  () => ease(train, { regularization: 0 }),
])('refuses values out of range: %s', (make) => {
  expect(make).toThrow(expect.objectContaining({ code: 'E_OPTION_VALUE' }));
});
