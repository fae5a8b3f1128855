import {
  createWorld,
  type InteractivePolicy,
  type InteractiveUsers,
  type Scorer,
  type WorldVisits,
  worldPlanner,
} from '@lea/data';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { diversityOf } from './diversity.ts';
import { evaluateInteractive, type InteractiveEvaluation } from './evaluate-interactive.ts';
import { compareReturns, returnInterval } from './intervals.ts';

/** Users who accept even items, pay the item's number, and leave after the second odd item. */
const users: InteractiveUsers = {
  name: 'even',
  items: 4,
  visit(_first, size) {
    const histories = Array.from({ length: size }, (): number[] => []);
    const odd = new Int32Array(size);
    return {
      histories,
      offer(rows, items) {
        const accepted = rows.map((row, i) => {
          if (items[i]! % 2 === 0) histories[row]!.push(items[i]!);
          else odd[row]!++;
          return items[i]! % 2 === 0;
        });
        return { reward: Float64Array.from(items), accepted, left: rows.map((row) => odd[row]! >= 2) };
      },
    };
  },
};

/** Scores 3 highest, then 2, 1 and 0; after an accepted item, 1 is the highest. */
const policy: Scorer = {
  name: 'by hand',
  items: 4,
  window: 2,
  score: ({ size, length }) =>
    Float32Array.from({ length: size * 4 }, (_, i) => (length[Math.floor(i / 4)] && i % 4 === 1 ? 9 : i % 4)),
};

describe('an episode by hand', () => {
  const played = (options: object) =>
    evaluateInteractive(policy, users, { users: 3, parallel: 2, gamma: 0.5, ...options });

  it('FreeB offers 3 again until the user leaves', async () => {
    const { values, means, acceptance, cut, user, protocol } = await played({});
    expect([...values.return]).toEqual([6, 6, 6]);
    expect(means).toEqual({ return: 6, discounted: 4.5, length: 2, diversity: 0 });
    expect([acceptance, cut, ...user]).toEqual([0, 0, 0, 1, 2]);
    expect(protocol).toMatchObject({ environment: 'even', items: 4, rule: 'FreeB', maxLength: 100 });
  });

  it('NX_0 offers 3, 2 and 1, after which the user leaves', async () => {
    const { means, acceptance, cut } = await played({ rule: 'NX_0' });
    expect(means).toEqual({ return: 6, discounted: 3 + 2 / 2 + 1 / 4, length: 3, diversity: 1 });
    expect([acceptance, cut]).toEqual([1 / 3, 0]);
  });

  it('NX_X offers all four items although the user would have left', async () => {
    const { means, cut } = await played({ rule: 'NX_X', length: 4 });
    expect(means).toEqual({ return: 6, discounted: 4.25, length: 4, diversity: 1 });
    expect(cut).toBe(1);
    await expect(played({ rule: 'NX_X', length: 5 })).rejects.toThrow(/length must not exceed the 4 items/);
  });

  it('is cut at maxLength, and ends when nothing is left to offer', async () => {
    expect((await played({ maxLength: 1 })).means.return).toBe(3);
    const patient: InteractiveUsers = {
      ...users,
      visit: (_, size) => ({
        histories: Array.from({ length: size }, () => []),
        offer: (rows) => {
          const never = rows.map(() => false);
          return { reward: new Float64Array(rows.length), accepted: never, left: never };
        },
      }),
    };
    const { values, cut } = await evaluateInteractive(policy, patient, { rule: 'NX_0', users: 2 });
    expect([[...values.length], cut]).toEqual([[4, 4], 1]);
  });
});

it('measures diversity by pairs', () => {
  expect(diversityOf([3], undefined)).toBe(1);
  expect(diversityOf([1, 1, 2], undefined)).toBeCloseTo(2 / 3, 12);
  // Items 0 and 1 have the cosine 0.6; the pairs of 0, 0, 1 have 1 - s = 0, 0.4 and 0.4.
  const vectors = { data: Float32Array.of(1, 0, 0.6, 0.8), items: 2, size: 2 };
  expect(diversityOf([0, 0, 1], vectors)).toBeCloseTo(0.8 / 3, 6);
});

describe('intervals', () => {
  const run = (...values: number[]): InteractiveEvaluation =>
    ({
      name: 'run',
      user: Int32Array.from(values.keys()),
      values: { return: Float64Array.from(values) },
      protocol: { rule: 'FreeB' },
    }) as unknown as InteractiveEvaluation;

  it('are over users, of the means over runs', () => {
    // Means over runs: 2, 4, 6; their standard error is 2 / sqrt(3).
    const { value, standardError, users: count } = returnInterval([run(1, 4, 7), run(3, 4, 5)]);
    expect([value, count]).toEqual([4, 3]);
    expect(standardError).toBeCloseTo(2 / Math.sqrt(3), 12);
    const { difference, relative } = compareReturns(run(2, 4, 6), [run(1, 1, 1), run(1, 3, 5)]);
    expect([difference, relative]).toEqual([2, 1]);
  });

  it('refuse other users', () => {
    expect(() => compareReturns(run(1, 2), run(1, 2, 3))).toThrow(/same visits/);
    expect(() => returnInterval(run(1, 2), { measure: 'reward' as never })).toThrow(/measure/);
  });
});

describe('in a world where the best next item is not the best for the visit', () => {
  const world = createWorld({ users: 40, items: 60, tastes: 6, dynamics: {} });
  const visitors = world.users!;
  const random: Scorer = {
    name: 'fixed order',
    items: 60,
    window: 1,
    score: ({ size, items }) => Float32Array.from({ length: size * 60 }, (_, i) => ((i + items[0]!) * 7919) % 60),
  };
  const options = { users: 60, maxLength: 40 };

  it.each(['FreeB', 'NX_0'] as const)(
    'planning earns more than greed, and greed more than chance: %s',
    async (rule) => {
      const planned = await evaluateInteractive(worldPlanner(visitors), visitors, { ...options, rule });
      const greedy = await evaluateInteractive(worldPlanner(visitors, { rest: 0 }), visitors, { ...options, rule });
      const chance = await evaluateInteractive(random, visitors, { ...options, rule });
      expect(compareReturns(planned, greedy).interval[0]).toBeGreaterThan(0);
      expect(compareReturns(greedy, chance).interval[0]).toBeGreaterThan(0);
      expect(planned.means.length).toBeGreaterThan(greedy.means.length);
    },
  );

  it('greed is as good if users are never bored', async () => {
    const calm = createWorld({
      users: 1,
      items: 60,
      tastes: 6,
      dynamics: { boredom: 0, satiation: 0, impatience: 0.001, lead: 0 },
    }).users!;
    const fixed = { ...options, users: 20, maxLength: 20, rule: 'NX_0' } as const;
    const planned = await evaluateInteractive(worldPlanner(calm, { rest: 5 }), calm, fixed);
    const greedy = await evaluateInteractive(worldPlanner(calm, { rest: 0 }), calm, fixed);
    expect(Math.abs(planned.means.return / greedy.means.return - 1)).toBeLessThan(0.05);
  });

  it('gives the same visits for the same users, however many go on together', async () => {
    const fixed = { users: 12, maxLength: 10 };
    const together = await evaluateInteractive(worldPlanner(visitors), visitors, fixed);
    const apart = await evaluateInteractive(worldPlanner(visitors), visitors, { ...fixed, parallel: 5 });
    const later = await evaluateInteractive(worldPlanner(visitors), visitors, { ...fixed, users: 7, firstUser: 5 });
    expect(apart).toEqual(together);
    expect([...later.values.return]).toEqual([...together.values.return.slice(5)]);
  });

  it('takes policies that see the users they are written for', () => {
    const planner = worldPlanner(visitors);
    expectTypeOf(planner).toEqualTypeOf<InteractivePolicy<WorldVisits>>();
    // @ts-expect-error users whose tastes are unknown
    const wrong = () => evaluateInteractive(planner, users);
    const right = () => evaluateInteractive(planner, visitors);
    expectTypeOf(wrong).returns.toEqualTypeOf<ReturnType<typeof right>>();
  });
});

it('refuses scorers of other items and scores that are no numbers', async () => {
  await expect(evaluateInteractive({ ...policy, items: 3 }, users)).rejects.toThrow(/Expected by hand to score the 4/);
  const nan: Scorer = { ...policy, name: 'nan', score: ({ size }) => new Float32Array(size * 4).fill(Number.NaN) };
  await expect(evaluateInteractive(nan, users)).rejects.toThrow(/nan returned NaN for item 0/);
  const short: Scorer = { ...policy, score: () => new Float32Array(3) };
  await expect(evaluateInteractive(short, users)).rejects.toMatchObject({ code: 'E_SCORE_SHAPE' });
});
