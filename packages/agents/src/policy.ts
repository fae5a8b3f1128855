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

export interface RecommendIndicesOptions {
  /** Items not to recommend: those of the user's own history, or these. Default: none are left out. */
  exclude?: 'seen' | readonly number[];
  /** The only items to rank, in any order; repeats count once. Default: all. */
  candidates?: readonly number[];
  /**
   * What an item index outside 0..N-1 in a history does. Default `ignore`: it is left out, and counted in
   * `Policy.ignored`. `raise` makes it an error. What is no whole number is always one.
   */
  unknown?: 'ignore' | 'raise';
}

/** A trained agent, ready to serve. */
export interface Policy extends PolicyParts {
  /**
   * Counts more events in the policy's memory, without training: the next call knows them. Give many at once.
   *
   * @throws LeaError `E_MEMORY_MISSING` without a memory, `E_ITEM_RANGE` (then nothing was counted)
   */
  observe(events: readonly ObservedEvent[]): void;
  /**
   * Scores [size * items], row by row.
   *
   * @throws LeaError `E_WINDOWS` (parts that do not fit together), `E_ITEM_RANGE`, `E_DISPOSED`
   */
  score(windows: Windows): Promise<Float32Array>;
  /**
   * The `k` best items for each history (item indices, oldest first, any length), best first. Lists are shorter where
   * fewer than `k` items are left; items whose score is NaN are left out.
   *
   * @throws LeaError `E_HISTORY` (no list of histories, or one that is no list of items; names the row), `E_ITEM_RANGE` (an
   *   item of `candidates`, `exclude` or, with `unknown: 'raise'`, an event outside 0..N-1, or one that is no whole number;
   *   names the value), `E_SCORES_NAN`
   *   (no finite score: the weights are damaged), `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`, `E_DISPOSED`
   */
  recommendIndices(
    histories: readonly ArrayLike<number>[],
    k: number,
    options?: RecommendIndicesOptions,
  ): Promise<Scored[][]>;
  /**
   * The `k` best items for a user, or for each of several, by the ids of the log: `recommend({ history: ['sku-7'] }, 5)`.
   * Ids keep their meaning whatever order today's catalog has; ids that are newer than the policy are ignored and counted.
   *
   * @throws LeaError `E_ITEM_IDS` (the policy knows no ids), `E_HISTORY` (no list of ids), `E_ID_UNKNOWN` (with
   *   `unknown: 'raise'`), and those of `recommendIndices`
   */
  recommend(query: Query, k: number, options?: RecommendOptions): Promise<Recommendation[]>;
  recommend(queries: readonly Query[], k: number, options?: RecommendOptions): Promise<Recommendation[][]>;
  /**
   * Events that `recommend` and `recommendIndices` have left out since the policy was made because their items are unknown. To be watched: it
   * grows when the catalogue has moved on and the policy should be trained again.
   */
  readonly ignored: number;
  asScorer(name?: string): PolicyScorer;
  /** Writes `policy.json` and `weights.safetensors` into a folder. */
  save(dir: string): Promise<void>;
  /** Gives the memory of the program back, once the calls that have begun are finished; scoring afterwards is an error. */
  dispose(): Promise<void>;
}

export interface PolicyOptions extends ScoringOptions {
  /** Text vectors float32 [N, textSize]; needed when the encoder reads text. */
  text?: Value;
  /** A counting memory that joins the network's scores; the policy keeps one of its own that knows the same. Default none. */
  memory?: Memory;
  /** Ids of the catalog's items, by index: what `recommend` speaks in. `fit` and `train` pass those of the log. Default none. */
  itemIds?: readonly string[];
  /** How it joins them. Default form `after` with weight 0.3; `fuse` of @lea/train fits it on validation. */
  fusion?: Partial<Fusion>;
}

/**
 * A policy out of an agent and its weights. The scoring program is made at the first call.
 *
 * @throws LeaError `E_POLICY_WEIGHTS`, `E_POLICY_SHAPE` (weights of another agent, or for another shape: names the
 *   parameter), `E_TEXT_MISSING`, `E_TEXT_SHAPE`, `E_MEMORY`, `E_MEMORY_JOINT`, `E_ITEM_IDS`, `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`
 */
export function createPolicy(agent: Agent, params: Values, shape: Shape, options: PolicyOptions = {}): Policy {
  const {
    text: given,
    memory: counted,
    fusion: asked,
    itemIds: ids,
    ...scoringOptions
  } = withDefaults('policy', policyDefaults, options);
  if (asked && !counted) throw withoutMemory('fusion says how a memory joins the network');
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
      if (!memory) throw withoutMemory('observe counts events');
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

/** The histories without unknown items; what is no history or no index is left for `windowsOf` to name. */
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
    throw new LeaError('E_OPTION_VALUE', `recommendIndices: ${name} must be a list of items.`, { value: list });
  }
  const set = new Set(list);
  for (const item of set) {
    if (isItem(item, items)) continue;
    throw new LeaError('E_ITEM_RANGE', `recommendIndices: ${name} holds what is no item of 0..${items - 1}.`, {
      value: item,
    });
  }
  return set;
}

function isItem(item: number, items: number): boolean {
  return Number.isInteger(item) && item >= 0 && item < items;
}

function withoutMemory(what: string): LeaError {
  return new LeaError('E_MEMORY_MISSING', `policy: ${what}, and this policy has none.`, {
    hint: 'Give it one as { memory }, from countingMemory.',
  });
}

function withoutScores(row: number): LeaError {
  return new LeaError('E_SCORES_NAN', `History ${row} has no finite score.`, {
    hint: 'The weights or text vectors are damaged: look for NaN in policy.params, and train or load the policy again.',
  });
}

function checkedText(text: Value | undefined, { items, textSize }: Shape): Value {
  if (!text) {
    throw new LeaError('E_TEXT_MISSING', 'The encoder of this policy reads text vectors.', {
      hint: 'Pass them as { text }.',
    });
  }
  if (String(text.shape) !== String([items, textSize])) {
    throw new LeaError('E_TEXT_SHAPE', 'The text vectors do not fit the policy.', {
      value: text.shape,
      hint: `Expected [${items}, ${textSize}].`,
    });
  }
  return text;
}
