import { type Agent, type ItemParams, itemParams, type Policy, type Shape } from '@lea/agents';
import { key } from '@lea/core';
import type { Value, Values } from '@lea/tensor';
import { copied } from '../steps/state.ts';
import { checkConfig, checkForms, knownIds, refused } from './check-init.ts';
import { mapAxis } from './map-axis.ts';
import { writeTextRows } from './text-rows.ts';

/** How the items of a policy became those of the catalog that is trained on. */
export interface MappedItems {
  /** Items of both catalogs: they keep their weights. */
  readonly kept: number;
  /** Items that the policy does not know. */
  readonly added: number;
  /** Items of the policy that are gone. */
  readonly removed: number;
}

/** What training starts from. */
export interface WarmStart {
  /** Parameters of one network, in arrays of their own. */
  readonly params: Values;
  readonly items: MappedItems;
}

/** What is trained, and on which catalog. */
export interface WarmStartTarget {
  /** As it learns: with the memory, where one joins it in training. */
  readonly agent: Agent;
  readonly shape: Shape;
  readonly itemIds: readonly string[];
  readonly text: Value | undefined;
}

/**
 * The weights of a policy on another catalog, mapped by item id. Rows of new items are the mean of the kept ones. In tables
 * that the encoder fills from texts they come from the text instead, when the policy's texts have as many columns.
 *
 * @throws LeaError `E_TRAIN_INIT` when the agent or the encoder differs (names the first difference), the policy has no item
 *   ids, or no item is the same
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
    throw refused('Expected a policy that knows some of these items', 'Check the ids of both catalogs.', itemIds);
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

/** Tables with a row per item that the encoder fills from texts. */
function textTables({ axes, fromText }: ItemParams): string[] {
  return [...fromText].filter((name) => String(axes[name]) === '0');
}
