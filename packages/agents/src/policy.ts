import { LeaError, withDefaults } from '@lea/core';
import type { Windows } from '@lea/data';
import type { Value, Values } from '@lea/tensor';
import { checkWeights } from './check-weights.ts';
import { itemIndex } from './item-index.ts';
import { checkedFusion, type Fusion } from './memory/fusion.ts';
import { checkMemory, type Memory } from './memory/memory.ts';
import type { ObservedEvent } from './memory/observe.ts';
import { type Recommender, recommender } from './recommender.ts';
import { savePolicy } from './save.ts';
import { type PolicyScorer, type ScoringOptions, scoring } from './scoring.ts';
import { type PolicyParts, servedAgent, servedSource } from './served.ts';
import type { Agent, Shape } from './types.ts';

/** A trained agent, ready to serve. */
export interface Policy extends PolicyParts, Recommender {
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
  const lists = recommender(shape, index, scorer.runs);
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
      return lists.ignored;
    },
    recommendIndices: lists.recommendIndices,
    recommend: lists.recommend,
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

function withoutMemory(what: string): LeaError {
  return new LeaError('E_MEMORY_MISSING', `policy: ${what}, and this policy has none.`, {
    hint: 'Give it one as { memory }, from countingMemory.',
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
