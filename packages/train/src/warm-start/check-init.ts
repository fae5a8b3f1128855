import type { Agent, ItemParams, Policy } from '@lea/agents';
import { LeaError, stableJson } from '@lea/core';
import type { Value, Values } from '@lea/tensor';

/** The item ids of a policy. @throws LeaError `E_TRAIN_INIT` when it has none */
export function knownIds({ itemIds }: Policy): readonly string[] {
  if (itemIds) return itemIds;
  const hint = 'Train it with fit, or create it with createPolicy(agent, params, shape, { itemIds }).';
  throw refused('expected a policy with item ids', hint);
}

/**
 * Checks that the agent has the same type and the encoder the same options. Some encoder options change the meaning of weights
 * without changing their shape.
 *
 * @throws LeaError `E_TRAIN_INIT` naming the first difference
 */
export function checkConfig(policy: Policy, needs: Agent): void {
  if (typeof policy?.agent !== 'object' || !policy.params) {
    throw refused('expected a policy', 'Pass one from fit or loadPolicy.', policy);
  }
  const same = (what: string, theirs: unknown, ours: unknown) => {
    if (theirs === ours || stableJson(theirs ?? null) === stableJson(ours ?? null)) return;
    const hint = 'Use the agent and the encoder of the policy, or train without init.';
    throw refused(`expected a policy with ${what} ${stableJson(ours ?? null)}`, hint, theirs);
  };
  same('agent', policy.agent.config.type, needs.config.type);
  const [theirs, ours] = [policy.agent.encoder.config, needs.encoder.config];
  same('encoder', theirs.type, ours.type);
  for (const option of Object.keys({ ...ours, ...theirs })) same(`encoder.${option}`, theirs[option], ours[option]);
}

/**
 * Checks that all parameters have the shape of fresh ones, apart from the number of items.
 *
 * @param fresh parameters for the catalog of `items` items that is trained on
 * @throws LeaError `E_TRAIN_INIT` naming the first parameter that differs
 */
export function checkForms({ params, shape }: Policy, fresh: Values, axes: ItemParams['axes'], items: number): void {
  for (const name of Object.keys({ ...fresh, ...params })) {
    const grown = axes[name] ?? [];
    const has = form(params[name]);
    const needs = form(fresh[name], (size, axis) => (grown.includes(axis) ? size + shape.items - items : size));
    if (has === needs) continue;
    const hint = 'The shape depends on the window and the options of the agent: use those of the policy.';
    throw refused(`expected ${needs} as the parameter "${name}" of the policy`, hint, has);
  }
}

function form(value: Value | undefined, sizeAt = (size: number, _axis: number) => size): string {
  return value ? `${value.dtype}[${value.shape.map(sizeAt).join(', ')}]` : 'none';
}

/** Creates the error for an `init` that does not fit. */
export function refused(what: string, hint: string, value?: unknown): LeaError {
  return new LeaError('E_TRAIN_INIT', `fit: init: ${what}.`, { hint, ...(value !== undefined && { value }) });
}
