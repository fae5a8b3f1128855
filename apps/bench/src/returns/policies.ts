import { join } from 'node:path';
import { createAgent, createPolicy, loadPolicy, type Policy } from '@lea/agents';
import { deviation, fold, key, mean, type Resource, uniform } from '@lea/core';
import { type InteractivePolicy, type Scorer, type WorldUsers, type WorldVisits, worldPlanner } from '@lea/data';
import { baselineName } from '../config/baseline-name.ts';
import type { BaselineConfig } from '../config/schema.ts';
import type { Prepared } from '../experiment/prepare.ts';
import { createScorers } from '../experiment/scorers.ts';

/** What ranks the items of a trained policy. */
export type Head = 'supervised' | 'q' | 'mix';

/** A policy of the study. */
export interface Subject {
  readonly name: string;
  /** Null for policies without heads. */
  readonly head: Head | null;
  readonly policy: Scorer | InteractivePolicy<WorldVisits>;
  /** The same as a scorer of histories, for NDCG; absent for policies that see more. */
  readonly scorer?: Scorer;
}

/** Policies that know the world, and chance. */
export function references(users: WorldUsers): Subject[] {
  const known = [
    worldPlanner(users, { name: 'planner that knows the users' }),
    worldPlanner(users, { name: 'greedy that knows the users', rest: 0 }),
    chance(users.items),
  ];
  return known.map((policy) => ({ name: policy.name, head: null, policy }));
}

/** Offers items that are drawn uniformly. The draws depend on the visits and on the number of calls for them. */
function chance(items: number): InteractivePolicy<WorldVisits> {
  const calls = new WeakMap<WorldVisits, number>();
  return {
    name: 'random items',
    plan(visits, rows) {
      const call = calls.get(visits) ?? 0;
      calls.set(visits, call + 1);
      const values = new Float64Array(rows.length * items);
      rows.forEach((row, at) => {
        values.set(uniform(fold(fold(fold(key(0), 'chance'), row), call), items), at * items);
      });
      return values;
    },
  };
}

/** A counting baseline with the constants of the config. */
export async function counted(config: BaselineConfig, context: Prepared): Promise<Subject> {
  const scorer =
    config.type === 'counting-memory' ? (await context.memory(options(config))).memory : createScorers(context)(config);
  const named = { ...scorer, name: baselineName(config) };
  return { name: named.name, head: null, policy: named, scorer: named };
}

function options<C extends BaselineConfig>({ type: _, name: __, ...constants }: C): Omit<C, 'type' | 'name'> {
  return constants;
}

/** A trained policy, ranked by each of its heads and by their mix. The caller disposes it. */
export async function heads(name: string, folder: string, threads: number): Promise<Subject[] & Partial<Resource>> {
  const supervised = await loadPolicy(join(folder, 'policy'), { threads });
  const { config } = supervised.agent;
  const own = (policy: Scorer, head: Head): Subject => {
    const scorer = { ...policy, name: head === 'supervised' ? name : `${name}, ${head}` };
    return { name, head, policy: scorer, scorer };
  };
  if (!('rankingHead' in config) || supervised.memory) {
    return Object.assign([own(supervised, 'supervised')], { dispose: () => supervised.dispose() });
  }
  const { params, shape, text, itemIds } = supervised;
  const options = { threads, ...(text && { text }), ...(itemIds && { itemIds }) };
  const ranked = (rankingHead: string) =>
    createPolicy(createAgent({ ...config, rankingHead } as never), params, shape, options);
  const [first, q] = [ranked('supervised'), ranked('q')];
  await supervised.dispose();
  return Object.assign([own(first, 'supervised'), own(q, 'q'), own(mixOf(first, q), 'mix')], {
    dispose: async () => {
      await Promise.all([first.dispose(), q.dispose()]);
    },
  });
}

/** The sum of the scores of two policies, each standardized over the catalog for every history. */
export function mixOf(a: Policy | Scorer, b: Policy | Scorer): Scorer {
  const { items, window, itemIds } = a;
  return {
    name: 'mix',
    items,
    window,
    itemIds,
    async score(windows) {
      const both = await Promise.all([a.score(windows), b.score(windows)]);
      const sum = new Float64Array(windows.size * items);
      for (const scores of both) {
        for (let start = 0; start < sum.length; start += items) {
          const row = scores.subarray(start, start + items);
          const [middle, spread] = [mean(row), deviation(row) || 1];
          for (let i = 0; i < items; i++) sum[start + i]! += (row[i]! - middle) / spread;
        }
      }
      return sum;
    },
  };
}
