import { LeaError } from '@lea/core';
import { type Windows, windowsOf } from '@lea/data';
import type { Value, Values } from '@lea/tensor';
import { savePolicy } from './save.ts';
import { type ScoringOptions, scoring } from './scoring.ts';
import { type Scored, topK } from './topk.ts';
import type { Agent, Shape } from './types.ts';

export interface RecommendOptions {
  /** Items not to recommend: those of the user's own history, or these. Default: none are left out. */
  exclude?: 'seen' | readonly number[];
  /** What an item index outside 0..N-1 in a history does. Default `error`; `skip` drops it. */
  unknown?: 'error' | 'skip';
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
   * The `k` best items for each history (item indices, oldest first, any length), best first.
   *
   * @throws LeaError `E_ITEM_RANGE`
   */
  recommend(histories: readonly (readonly number[])[], k: number, options?: RecommendOptions): Promise<Scored[][]>;
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
    async recommend(histories, k, { exclude, unknown = 'error' } = {}) {
      const known =
        unknown === 'skip' ? histories.map((h) => h.filter((item) => isItem(item, shape.items))) : histories;
      const scores = await scorer.score(windowsOf(known, shape.window, shape.items));
      const always = new Set(exclude === 'seen' ? [] : exclude);
      return known.map((history, row) => {
        const own = scores.subarray(row * shape.items, (row + 1) * shape.items);
        return topK(own, k, exclude === 'seen' ? new Set(history) : always);
      });
    },
  };
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
