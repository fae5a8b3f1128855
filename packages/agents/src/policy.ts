import { checkChoices, checkRanges, LeaError, withDefaults } from '@lea/core';
import { type Windows, windowsOf } from '@lea/data';
import type { Value, Values } from '@lea/tensor';
import { savePolicy } from './save.ts';
import { type ScoringOptions, scoring } from './scoring.ts';
import { type Scored, topK } from './topk.ts';
import type { Agent, Shape } from './types.ts';

export interface RecommendOptions {
  /** Items not to recommend: those of the user's own history, or these. Default: none are left out. */
  exclude?: 'seen' | readonly number[];
  /** The only items to rank, in any order; repeats count once. Default: all. */
  candidates?: readonly number[];
  /**
   * What an item index outside 0..N-1 in a history does. Default `ignore`: it is left out, and counted in
   * `Policy.ignored`. `raise` makes it an error.
   */
  unknown?: 'ignore' | 'raise';
}

/** What `evaluate` of @lea/eval takes. */
export interface PolicyScorer {
  readonly name: string;
  readonly items: number;
  readonly window: number;
  score(histories: Windows): Promise<Float32Array>;
}

/** A trained agent, ready to serve. */
export interface Policy {
  readonly agent: Agent;
  readonly params: Values;
  readonly shape: Shape;
  /** Text vectors [N, textSize], when the encoder reads them. */
  readonly text: Value | undefined;
  /** Scores [size * items], row by row. */
  score(windows: Windows): Promise<Float32Array>;
  /**
   * The `k` best items for each history (item indices, oldest first, any length), best first. Lists are shorter where
   * fewer than `k` items are left; NaN scores are left out.
   *
   * @throws LeaError `E_ITEM_RANGE` (a candidate, or with `unknown: 'raise'` an event, outside 0..N-1; names the value, and
   *   the row), `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`
   */
  recommend(histories: readonly ArrayLike<number>[], k: number, options?: RecommendOptions): Promise<Scored[][]>;
  /**
   * Events that `recommend` has left out since the policy was made because their items are unknown. To be watched: it
   * grows when the catalogue has moved on and the policy should be trained again.
   */
  readonly ignored: number;
  asScorer(name?: string): PolicyScorer;
  /** Writes `policy.json` and `weights.safetensors` into a folder. */
  save(dir: string): Promise<void>;
  /** Gives the memory of the program back; scoring afterwards is an error. */
  dispose(): Promise<void>;
}

export interface PolicyOptions extends ScoringOptions {
  /** Text vectors float32 [N, textSize]; needed when the encoder reads text. */
  text?: Value;
}

/**
 * A policy out of an agent and its weights. The scoring program is made at the first call.
 *
 * @throws LeaError `E_TEXT_MISSING`, `E_TEXT_SHAPE`
 */
export function createPolicy(agent: Agent, params: Values, shape: Shape, options: PolicyOptions = {}): Policy {
  const { text: given, ...scoringOptions } = options;
  const text = agent.encoder.needsText ? checkedText(given, shape) : undefined;
  const scorer = scoring(agent, params, shape, text ? { text } : {}, scoringOptions);
  let ignored = 0;
  return {
    agent,
    params,
    shape,
    text,
    score: scorer.score,
    dispose: scorer.dispose,
    save: (dir) => savePolicy(dir, { agent, params, shape, text }),
    asScorer: (name = `${agent.encoder.name}-${agent.name}`) => ({
      name,
      items: shape.items,
      window: shape.window,
      score: scorer.score,
    }),
    get ignored() {
      return ignored;
    },
    async recommend(histories, k, options) {
      const { exclude, candidates, unknown } = withDefaults('recommend', recommendDefaults, options);
      checkRanges('recommend', { k }, { k: [0, Infinity, 'whole'] });
      checkChoices('recommend', { unknown }, { unknown: ['ignore', 'raise'] });
      if (typeof exclude === 'string') checkChoices('recommend', { exclude }, { exclude: ['seen'] });
      const ranked = candidates && sortedItems(candidates, shape.items);
      const excluded = exclude === 'seen' ? undefined : new Set(exclude);
      const known = histories.map((history) => {
        if (unknown === 'raise') return history;
        const kept = Array.from(history).filter((item) => isItem(item, shape.items));
        ignored += history.length - kept.length;
        return kept;
      });
      const windows = windowsOf(known, shape.window, shape.items);
      const lists: Scored[][] = [];
      // Batch by batch, so that the scores of one are gone before the next.
      for (let from = 0; from < known.length; from += scorer.batch) {
        const rows = known.slice(from, from + scorer.batch);
        const scores = await scorer.score(slice(windows, from, rows.length));
        for (const [row, history] of rows.entries()) {
          const own = scores.subarray(row * shape.items, (row + 1) * shape.items);
          const without = excluded ?? new Set(Array.from(history));
          lists.push(topK(own, k, { exclude: without, ...(ranked && { candidates: ranked }) }));
        }
      }
      return lists;
    },
  };
}

const recommendDefaults: {
  exclude: RecommendOptions['exclude'];
  candidates: RecommendOptions['candidates'];
  unknown: 'ignore' | 'raise';
} = { exclude: undefined, candidates: undefined, unknown: 'ignore' };

function slice({ items, length, window }: Windows, from: number, size: number): Windows {
  const to = from + size;
  return { items: items.subarray(from * window, to * window), length: length.subarray(from, to), size, window };
}

/** Items in ascending order, each once. */
function sortedItems(candidates: readonly number[], items: number): Int32Array {
  const bad = candidates.find((item) => !isItem(item, items));
  if (bad !== undefined) {
    throw new LeaError('E_ITEM_RANGE', `A candidate is no item of 0..${items - 1}.`, { value: bad });
  }
  return Int32Array.from(new Set(candidates)).sort();
}

function isItem(item: number, items: number): boolean {
  return Number.isInteger(item) && item >= 0 && item < items;
}

function checkedText(text: Value | undefined, { items, textSize }: Shape): Value {
  if (!text) {
    throw new LeaError('E_TEXT_MISSING', 'The encoder of this policy reads text vectors.', {
      hint: 'Pass them as { text }.',
    });
  }
  if (text.shape[0] !== items || text.shape[1] !== textSize) {
    throw new LeaError('E_TEXT_SHAPE', 'The text vectors do not fit the policy.', {
      value: text.shape,
      hint: `Expected [${items}, ${textSize}].`,
    });
  }
  return text;
}
