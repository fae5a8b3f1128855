import { checkChoices, checkRanges, LeaError, withDefaults } from '@lea/core';
import { isItemList, type Windows, windowsOf } from '@lea/data';
import type { Value, Values } from '@lea/tensor';
import { checkWeights } from './check-weights.ts';
import { itemIndex } from './item-index.ts';
import { checkedFusion, type Fusion } from './memory/fusion.ts';
import { checkMemory, type Memory } from './memory/memory.ts';
import type { ObservedEvent } from './memory/observe.ts';
import { type Query, type Recommendation, type RecommendOptions, recommendIds } from './recommend.ts';
import { savePolicy } from './save.ts';
import { type PolicyScorer, type ScoringOptions, scoring } from './scoring.ts';
import { type PolicyParts, servedAgent, servedSource } from './served.ts';
import { type Scored, topK } from './topk.ts';
import type { Agent, Shape } from './types.ts';

/** Options of `Policy.recommendIndices`. */
export interface RecommendIndicesOptions {
  /** Items to exclude: `seen` for the items of the history, or a list of indices. Default: none. */
  exclude?: 'seen' | readonly number[];
  /** Indices of the only items to rank, in any order; duplicates are ignored. Default: all items. */
  candidates?: readonly number[];
  /**
   * For item indices outside 0..N-1 in a history: `ignore` leaves them out and counts them in `Policy.ignored`, `raise` throws.
   * Numbers that are not integers always throw. Default: `ignore`.
   */
  unknown?: 'ignore' | 'raise';
}

/** A trained agent, ready to serve. */
export interface Policy extends PolicyParts {
  /**
   * Counts more events in the policy's memory, without training. They affect the next call. Pass many events at once, because
   * every call copies the tables.
   *
   * @throws LeaError `E_MEMORY_MISSING` without a memory, `E_ITEM_RANGE`, `E_HISTORY` (then nothing is counted)
   */
  observe(events: readonly ObservedEvent[]): void;
  /**
   * Scores of all items for each history: [size, items], flat.
   *
   * @throws LeaError `E_WINDOWS` (arrays that do not fit together), `E_ITEM_RANGE`, `E_DISPOSED`
   */
  score(windows: Windows): Promise<Float32Array>;
  /**
   * The `k` best items for each history (item indices, oldest first, any length), best first. A list is shorter if fewer than
   * `k` items remain; items with a NaN score are left out.
   *
   * @throws LeaError `E_HISTORY` (not an array of arrays; names the row), `E_ITEM_RANGE` (an index in `candidates`, `exclude`
   *   or, with `unknown: 'raise'`, in a history is outside 0..N-1, or is not an integer; names the value), `E_SCORES_NAN` (no
   *   finite score, because the weights are damaged), `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`, `E_DISPOSED`
   */
  recommendIndices(
    histories: readonly ArrayLike<number>[],
    k: number,
    options?: RecommendIndicesOptions,
  ): Promise<Scored[][]>;
  /**
   * The `k` best items for a user or for each of several users, by raw item ids: `recommend({ history: ['sku-7'] }, 5)`. Ids do
   * not depend on the order of the current catalog. Ids that the policy does not know are ignored and counted.
   *
   * @throws LeaError `E_ITEM_IDS` (the policy has no ids), `E_HISTORY` (not an array of ids), `E_ID_UNKNOWN` (with
   *   `unknown: 'raise'`), and the errors of `recommendIndices`
   */
  recommend(query: Query, k: number, options?: RecommendOptions): Promise<Recommendation[]>;
  recommend(queries: readonly Query[], k: number, options?: RecommendOptions): Promise<Recommendation[][]>;
  /**
   * Number of events with unknown items that `recommend` and `recommendIndices` have ignored since the policy was created.
   * Monitor it: it grows when the catalog has changed and the policy should be trained again.
   */
  readonly ignored: number;
  /** A scorer for `evaluate` of @lea/eval. Default name: `<encoder>-<agent>`. */
  asScorer(name?: string): PolicyScorer;
  /** Writes `policy.json`, `weights.safetensors` and, if the policy has item ids, `items.json` into a folder. */
  save(dir: string): Promise<void>;
  /** Releases the program's memory after pending calls have finished; scoring afterwards throws. */
  dispose(): Promise<void>;
}

/** Options of `createPolicy`. */
export interface PolicyOptions extends ScoringOptions {
  /** Text vectors float32 [N, textSize]; required if the encoder reads text. */
  text?: Value;
  /** A counting memory to combine with the network; the policy uses an independent copy. Default: none. */
  memory?: Memory;
  /** [N] raw item ids by index, for `recommend`. `fit` and `train` pass those of the log. Default: none. */
  itemIds?: readonly string[];
  /**
   * How to combine memory and network; `fuse` of @lea/train fits it on validation. Default: form `after` with weight
   * 0.3.
   */
  fusion?: Partial<Fusion>;
}

/**
 * Creates a policy from an agent and its weights. The scoring program is compiled at the first call.
 *
 * @throws LeaError `E_POLICY_WEIGHTS`, `E_POLICY_SHAPE` (the weights do not fit the agent or the shape; names the
 *   parameter), `E_TEXT_MISSING`, `E_TEXT_SHAPE`, `E_MEMORY`, `E_MEMORY_JOINT`, `E_ITEM_IDS`, `E_OPTION_UNKNOWN`,
 *   `E_OPTION_VALUE`
 */
export function createPolicy(agent: Agent, params: Values, shape: Shape, options: PolicyOptions = {}): Policy {
  const {
    text: given,
    memory: counted,
    fusion: asked,
    itemIds: ids,
    ...scoringOptions
  } = withDefaults('policy', policyDefaults, options);
  if (asked && !counted) throw withoutMemory('fusion needs a memory');
  if (counted) checkMemory(counted, shape.items);
  const memory = counted?.fork();
  const fusion = memory && checkedFusion(asked, memory.config);
  checkWeights(servedAgent({ agent, memory, fusion }), params, shape);
  const text = agent.encoder.needsText ? checkedText(given, shape) : undefined;
  const index = ids && itemIndex(ids, shape.items);
  const parts = { agent, params, shape, text, memory, fusion, itemIds: index?.ids };
  const scorer = scoring(shape, servedSource(parts), scoringOptions);
  let ignored = 0;
  const recommendIndices: Policy['recommendIndices'] = async (histories, k, options) => {
    const { exclude, candidates, unknown } = withDefaults('recommendIndices', recommendDefaults, options);
    checkRanges('recommendIndices', { k }, { k: [0, Infinity, 'whole'] });
    checkChoices('recommendIndices', { unknown }, { unknown: ['ignore', 'raise'] });
    if (typeof exclude === 'string') checkChoices('recommendIndices', { exclude }, { exclude: ['seen'] });
    const ranked = candidates && Int32Array.from(itemSet('candidates', candidates, shape.items)).sort();
    const excluded = exclude === 'seen' || !exclude ? exclude : itemSet('exclude', exclude, shape.items);
    const known = unknown === 'raise' ? histories : knownOnly(histories, shape.items);
    const windows = windowsOf(known, shape.window, shape.items);
    ignored += events(histories) - events(known);
    const lists: Scored[][] = [];
    await scorer.runs(windows, (scores, from) => {
      for (let at = 0; at < scores.length; at += shape.items) {
        const own = scores.subarray(at, at + shape.items);
        const row = from + at / shape.items;
        if (!own.some(Number.isFinite)) throw withoutScores(row);
        const without = excluded === 'seen' ? new Set(Array.from(known[row]!)) : excluded;
        lists.push(topK(own, k, { ...(without && { exclude: without }), ...(ranked && { candidates: ranked }) }));
      }
    });
    return lists;
  };
  return {
    ...parts,
    observe(events) {
      if (!memory) throw withoutMemory('observe needs a memory');
      memory.observe(events);
    },
    score: scorer.score,
    async dispose() {
      await Promise.all([scorer.dispose(), memory?.dispose()]);
    },
    save: (dir) => savePolicy(dir, parts),
    asScorer: (name = `${agent.encoder.name}-${agent.name}`) => ({
      name,
      items: shape.items,
      ...(index && { itemIds: index.ids }),
      window: shape.window,
      score: scorer.score,
    }),
    get ignored() {
      return ignored;
    },
    recommendIndices,
    recommend: (async (asked: Query | readonly Query[], k: number, options?: RecommendOptions) => {
      const queries = [asked].flat() as Query[];
      const lists = await recommendIds(index, queries, k, options, recommendIndices, (count) => {
        ignored += count;
      });
      return Array.isArray(asked) ? lists : lists[0]!;
    }) as Policy['recommend'],
  };
}

const policyDefaults: PolicyOptions = {
  itemIds: undefined,
  text: undefined,
  memory: undefined,
  fusion: undefined,
  batch: undefined,
  threads: undefined,
  backend: undefined,
};

const recommendDefaults: {
  exclude: RecommendIndicesOptions['exclude'];
  candidates: RecommendIndicesOptions['candidates'];
  unknown: 'ignore' | 'raise';
} = { exclude: undefined, candidates: undefined, unknown: 'ignore' };

/** Removes unknown items from histories. Invalid histories and indices are left for `windowsOf` to report. */
function knownOnly(histories: readonly ArrayLike<number>[], items: number): readonly ArrayLike<number>[] {
  const known = (history: ArrayLike<number>) =>
    Array.from(history).filter((item) => isItem(item, items) || !Number.isInteger(item));
  if (!isItemList(histories)) return histories;
  return histories.map((history) => (isItemList(history) ? known(history) : history));
}

function events(histories: readonly ArrayLike<number>[]): number {
  return histories.reduce((sum, { length }) => sum + length, 0);
}

/** @throws LeaError `E_OPTION_VALUE`, `E_ITEM_RANGE` */
function itemSet(name: string, list: readonly number[], items: number): Set<number> {
  if (!isItemList(list)) {
    throw new LeaError('E_OPTION_VALUE', `recommendIndices: ${name} must be an array of items.`, { value: list });
  }
  const set = new Set(list);
  for (const item of set) {
    if (isItem(item, items)) continue;
    throw new LeaError('E_ITEM_RANGE', `recommendIndices: items of ${name} must be in 0..${items - 1}.`, {
      value: item,
    });
  }
  return set;
}

function isItem(item: number, items: number): boolean {
  return Number.isInteger(item) && item >= 0 && item < items;
}

function withoutMemory(what: string): LeaError {
  return new LeaError('E_MEMORY_MISSING', `policy: ${what}, but the policy has none.`, {
    hint: 'Create the policy with { memory } from countingMemory.',
  });
}

function withoutScores(row: number): LeaError {
  return new LeaError('E_SCORES_NAN', `History ${row} has no finite score.`, {
    hint: 'The weights or text vectors are damaged. Look for NaN in policy.params, and train or load the policy again.',
  });
}

function checkedText(text: Value | undefined, { items, textSize }: Shape): Value {
  if (!text) {
    throw new LeaError('E_TEXT_MISSING', 'The encoder of the policy needs text vectors.', {
      hint: 'Pass them as { text }.',
    });
  }
  if (String(text.shape) !== String([items, textSize])) {
    throw new LeaError('E_TEXT_SHAPE', 'The text vectors do not fit the policy.', {
      value: text.shape,
      hint: `Expected shape [${items}, ${textSize}].`,
    });
  }
  return text;
}
