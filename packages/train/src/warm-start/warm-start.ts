import { type Agent, type ItemParams, itemParams, type Policy, type Shape } from '@lea/agents';
import { key } from '@lea/core';
import type { Value, Values } from '@lea/tensor';
import { copied } from '../steps/state.ts';
import { checkConfig, checkForms, knownIds, refused } from './check-init.ts';
import { mapAxis } from './map-axis.ts';
import { writeTextRows } from './text-rows.ts';

/** How the items of a policy were mapped to the catalog that is trained on. */
export interface MappedItems {
  /** Number of items in both catalogs; they keep their weights. */
  readonly kept: number;
  /** Number of items that the policy does not know. */
  readonly added: number;
  /** Number of the policy's items that are no longer in the catalog. */
  readonly removed: number;
}

/** The starting point of training. */
export interface WarmStart {
  /** Copied parameters of one network. */
  readonly params: Values;
  /** How the items were mapped. */
  readonly items: MappedItems;
}

/** The agent to train and its catalog. */
export interface WarmStartTarget {
  /** The agent as it trains, including a memory with fusion `joint`. */
  readonly agent: Agent;
  /** Sizes of the agent on this catalog. */
  readonly shape: Shape;
  /** Ids of the items, by index. */
  readonly itemIds: readonly string[];
  /** Text vectors of the items [N, D]. */
  readonly text: Value | undefined;
}

/**
 * Maps the weights of a policy to a different catalog by item id. Rows of new items are the mean of the kept rows. In tables that
 * the encoder initializes from texts, they come from the text instead, if the policy's texts have the same number of columns.
 *
 * @throws LeaError `E_TRAIN_INIT` when the agent or the encoder differs (names the first difference), the policy has no item
 *   ids, or the catalogs have no item in common
 */
export function warmStart(policy: Policy, { agent, shape, itemIds, text }: WarmStartTarget): WarmStart {
  checkConfig(policy, agent);
  const ids = knownIds(policy);
  const of = itemParams(agent, shape);
  const fresh = agent.init(key(0), shape, text);
  checkForms(policy, fresh, of.axes, shape.items);
  const indices = new Map(ids.map((id, index) => [id, index]));
  const sources = Int32Array.from(itemIds, (id) => indices.get(id) ?? -1);
  const kept = sources.filter((source) => source >= 0).length;
  if (kept === 0) {
    throw refused(
      'expected a policy that shares items with the train data',
      'Check the ids of both catalogs.',
      itemIds,
    );
  }
  const params = copied(policy.params);
  for (const [name, axes] of Object.entries(of.axes)) {
    for (const axis of axes) params[name] = mapAxis(params[name]!, axis, sources, ids.length);
  }
  if (kept < itemIds.length && policy.shape.textSize === shape.textSize) {
    for (const name of textTables(of)) writeTextRows(params[name]!, fresh[name]!, sources);
  }
  return { params, items: { kept, added: itemIds.length - kept, removed: ids.length - kept } };
}

/** Tables with one row per item that the encoder initializes from texts. */
function textTables({ axes, fromText }: ItemParams): string[] {
  return [...fromText].filter((name) => String(axes[name]) === '0');
}
