import {
  checkArrays,
  checkObjects,
  checkPaths,
  type Given,
  LeaError,
  type Resource,
  resource,
  withDefaults,
} from '@lea/core';
import type { Scorer, Windows } from '@lea/data';
import type { Value, Values } from '@lea/tensor';
import { checkAgents, checkMemories, checkShapes } from './arguments.ts';
import { checkWeights } from './check-weights.ts';
import { itemIndex, withoutIds } from './item-index.ts';
import { checkedFusion, type Fusion } from './memory/fusion.ts';
import { checkMemory, type Memory } from './memory/memory.ts';
import type { ObservedEvent } from './memory/observe.ts';
import { type ObservedItem, type ObserveOptions, observedIds } from './memory/observe-ids.ts';
import { type Recommender, recommender } from './recommender.ts';
import { savePolicy } from './save.ts';
import { type ScoringOptions, scoring } from './scoring.ts';
import { type PolicyParts, servedAgent, servedSource, servedWindow } from './served.ts';
import type { Agent, Shape } from './types.ts';

/**
 * A trained agent, ready to serve, and a scorer named `<encoder>-<agent>`. `dispose` releases the memory of its programs after
 * pending calls have finished; scoring afterwards throws.
 */
export interface Policy extends PolicyParts, Recommender, Scorer, Resource {
  readonly itemIds: readonly string[] | undefined;
  /**
   * Counts more events in the policy's memory, by raw item ids and without training:
   * `observe([{ history: ['sku-7'], item: 'sku-9' }])`. They affect the next call. Pass many events at once, because every call
   * copies the tables. The memory counts every kind of event alike, and other keys of an event, such as `kind`, are ignored: pass
   * only events that should count. `save` writes the counts.
   *
   * @throws LeaError `E_MEMORY_MISSING` without a memory, `E_ITEM_IDS` (the policy has no ids), `E_HISTORY` (not a list of events
   *   with ids), `E_ID_UNKNOWN` (with `unknown: 'throw'`); then nothing is counted
   */
  observe(events: readonly ObservedItem[], options?: ObserveOptions): void;
  /**
   * As `observe`, by item indices.
   *
   * @throws LeaError `E_MEMORY_MISSING` without a memory, `E_ITEM_RANGE`, `E_HISTORY`; then nothing is counted
   */
  observeIndices(events: readonly ObservedEvent[]): void;
  /**
   * Scores of all items for each history: [size, items], flat.
   *
   * @throws LeaError `E_WINDOWS` (arrays that do not fit together), `E_ITEM_RANGE`, `E_DISPOSED`
   */
  score(windows: Windows): Promise<Float32Array>;
  /**
   * The rank of one item for each history, counted inside the program: see `Scorer`.
   *
   * @throws LeaError `E_WINDOWS` (not one target per history as well), `E_ITEM_RANGE`, `E_DISPOSED`
   */
  ranks(windows: Windows, targets: Int32Array, excluded?: readonly ArrayLike<number>[]): Promise<Int32Array>;
  /** Writes `policy.json`, `weights.safetensors` and, if the policy has item ids, `items.json` into a folder. */
  save(dir: string): Promise<void>;
}

/** Options of `createPolicy`. */
export interface PolicyOptions extends ScoringOptions {
  /** Text vectors float32 [N, textSize]; required if the encoder reads text. */
  text?: Value | undefined;
  /** A counting memory to combine with the network; the policy uses an independent copy. Default: none. */
  memory?: Memory | undefined;
  /** [N] raw item ids by index, for `recommend`. `fit` and `train` pass those of the log. Default: none. */
  itemIds?: readonly string[] | undefined;
  /**
   * How to combine memory and network; `fuse` of @lea/train fits it on validation. Default: form `after` with weight
   * 0.3.
   */
  fusion?: Given<Fusion> | undefined;
}

/**
 * Creates a policy from an agent and its weights. The scoring program is compiled at the first call.
 *
 * @throws LeaError `E_POLICY_WEIGHTS`, `E_POLICY_SHAPE` (the weights do not fit the agent or the shape; names the
 *   parameter), `E_TEXT_MISSING`, `E_TEXT_SHAPE`, `E_MEMORY`, `E_MEMORY_JOINT`, `E_ITEM_IDS`, `E_OPTION_UNKNOWN`,
 *   `E_OPTION_VALUE`
 */
export function createPolicy(agent: Agent, params: Values, shape: Shape, options: PolicyOptions = {}): Policy {
  checkAgents('createPolicy', { agent });
  checkObjects('createPolicy', { params });
  checkShapes('createPolicy', { shape });
  const {
    text: given,
    memory: counted,
    fusion: asked,
    itemIds: ids,
    ...scoringOptions
  } = withDefaults('createPolicy', policyDefaults, options);
  if (asked && !counted) throw withoutMemory('fusion needs a memory');
  if (counted !== undefined) checkMemories('createPolicy', { memory: counted });
  if (ids !== undefined) checkArrays('createPolicy', { itemIds: ids });
  if (counted) checkMemory(counted, shape.items);
  const memory = counted?.fork();
  const fusion = memory && checkedFusion(asked, memory.config);
  checkWeights(servedAgent({ agent, shape, memory, fusion }), params, shape);
  const text = agent.encoder.needsText ? checkedText(given, shape) : undefined;
  const index = ids && itemIndex(ids, shape.items);
  const parts = { agent, params, shape, text, memory, fusion, itemIds: index?.ids };
  const read = { items: shape.items, window: servedWindow(parts) };
  const scorer = scoring(read, servedSource(parts), scoringOptions);
  const lists = recommender(read, index, scorer.runs);
  let unobserved = 0;
  return {
    ...parts,
    name: `${agent.encoder.name}-${agent.name}`,
    ...read,
    observe(events, options) {
      if (!memory) throw withoutMemory('observe needs a memory');
      if (!index) throw withoutIds('observeIndices');
      const { known, ignored } = observedIds(index, events, options);
      memory.observe(known);
      unobserved += ignored;
    },
    observeIndices(events) {
      if (!memory) throw withoutMemory('observeIndices needs a memory');
      memory.observe(events);
    },
    score: scorer.score,
    ranks: scorer.ranks,
    ...resource(async () => {
      await Promise.all([scorer.dispose(), memory?.dispose()]);
    }),
    save: async (dir) => {
      checkPaths('save', { dir });
      await savePolicy(dir, parts);
    },
    get ignored() {
      return lists.ignored + unobserved;
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
  return new LeaError('E_MEMORY_MISSING', `policy: ${what}, but the policy has none.`, {
    hint: 'Create the policy with { memory } from countingMemory.',
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
