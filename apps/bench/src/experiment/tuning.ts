import type { Scorer } from '@lea/data';
import { evaluate } from '@lea/eval';
import { definedBaseline } from '../config/defined.ts';
import type { CountedBaseline } from '../config/schema.ts';
import type { Context } from './context.ts';
import { createScorers } from './scorers.ts';

/** Values of constants, in the order that they are tried in. */
type Grid = Readonly<Record<string, readonly (number | string | boolean)[]>>;

const repeat = ['never', 0, 0.1, 0.3, 1];

/** Which constants of a baseline validation decides, one after the other in this order. */
const grids: { readonly [T in CountedBaseline['type']]?: Grid } = {
  'sequential-rules': { steps: [10, 5, 3, 2], distancePower: [1, 2, 0] },
  'co-occurrence': { repeat },
  'item-knn': { repeat, countPower: [0.5, 0.4, 0.3, 0.2, 0.1], decay: [0.8, 0.6, 0.4] },
  sknn: { repeat, neighbors: [500, 200, 100, 50] },
  vsknn: { repeat, neighbors: [500, 200, 100, 50] },
  stan: {
    repeat,
    backward: [1, 0.5, 0.25, 0],
    distanceScale: [10, 4, 2, 1],
    positionScale: [2, 4, 8],
    neighbors: [100, 500],
  },
  ease: { repeat, decay: [0.8, 0.6, 0.4], regularization: [30, 100, 300, 1000] },
};

function gridOf(config: CountedBaseline): Grid {
  const grid = definedBaseline(config)?.factory.grid ?? grids[config.type] ?? {};
  // The better form of the text term depends on the data set.
  return config.type === 'co-occurrence' && config.text ? { ...grid, textNormalized: [true, false] } : grid;
}

/** Constants that were tried, and the validation NDCG@10 they came to. */
export type Trial = Readonly<Record<string, unknown>> & { readonly 'ndcg@10': number };

export interface TunedBaseline {
  /** With every constant that validation decided. */
  readonly config: CountedBaseline;
  readonly scorer: Scorer;
  readonly trials: readonly Trial[];
}

/**
 * Tunes the constants of a baseline that its config leaves out, by validation NDCG@10. All constants start at their first value;
 * then each in turn moves along its values for as long as the metric improves. Its name is no constant.
 */
export async function tunedBaseline({ name: _, ...own }: CountedBaseline, context: Context): Promise<TunedBaseline> {
  const given = own as CountedBaseline;
  const { split, signal, experiment } = context;
  const scorerOf = createScorers(context);
  const open = Object.entries(gridOf(given)).filter(([name]) => given[name as keyof CountedBaseline] === undefined);
  let config = { ...given, ...Object.fromEntries(open.map(([name, [first]]) => [name, first])) } as CountedBaseline;
  let scorer = scorerOf(config);
  if (open.length === 0) return { config, scorer, trials: [] };
  const trials: Trial[] = [];
  const judged = async (candidate: Scorer, { type: _, ...constants }: CountedBaseline): Promise<number> => {
    const { metrics } = await evaluate(candidate, split.validation, { ks: [10], exclude: experiment.exclude, signal });
    trials.push({ ...constants, 'ndcg@10': metrics['ndcg@10']! });
    return metrics['ndcg@10']!;
  };
  let best = await judged(scorer, config);
  for (const [name, values] of open) {
    for (const value of values.slice(1)) {
      const next = { ...config, [name]: value };
      const candidate = scorerOf(next);
      const reached = await judged(candidate, next);
      if (reached <= best) break;
      [config, scorer, best] = [next, candidate, reached];
    }
  }
  return { config, scorer, trials };
}
