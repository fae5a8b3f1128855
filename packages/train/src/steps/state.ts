import type { Agent, Phase } from '@lea/agents';
import { adam, pick, prefixed, type Values, zeros } from '@lea/tensor';

/**
 * The state one network starts with: parameters, and the copy of them that a moving average or a periodic copy begins as.
 * A moving average of item tables of which steps write single rows also counts updates: `average/updates` in all, and
 * `average/at/...` those that each row of the average has seen.
 */
export function initialState(agent: Agent, params: Values): Values {
  const state = prefixed('params/', params);
  if (agent.target === 'copy') return { ...state, ...prefixed('target/', copied(params)) };
  if (agent.target !== 'polyak') return state;
  const counters = Object.keys(agent.sampling ? agent.itemTables : {}).map((name) => [
    `average/at/${name}`,
    zeros({ dtype: 'int32', shape: [params[name]!.shape[0]!] }),
  ]);
  return {
    ...state,
    ...prefixed('target/', copied(params)),
    ...(agent.sampling && { 'average/updates': zeros({ dtype: 'int32', shape: [] }) }),
    ...Object.fromEntries(counters),
  };
}

/** The same values in arrays of their own: training writes over the arrays of older states. */
export function copied(values: Values): Values {
  return Object.fromEntries(
    Object.entries(values).map(([name, { dtype, shape, data }]) => [name, { dtype, shape, data: data.slice() }]),
  );
}

/** State with the fresh optimizer slots of a phase; slots it had are dropped. */
export function withSlots(phase: Phase, state: Values): Values {
  const slots = adam(phase.optimizer).init(pick('params/', state));
  return { ...withoutSlots(state), ...prefixed('slots/', slots) };
}

/** What a network is without its optimizer: what is kept of the best step. */
export function withoutSlots(state: Values): Values {
  return Object.fromEntries(Object.entries(state).filter(([name]) => !name.startsWith('slots/')));
}

/** The part of a network that a step of training carries on: all but a periodic copy. */
export function carried({ agent }: { readonly agent: Agent }, network: Values): Values {
  if (agent.target !== 'copy') return network;
  return Object.fromEntries(Object.entries(network).filter(([name]) => !name.startsWith('target/')));
}

/** Whether the target becomes a copy of the parameters after that many updates of a phase. */
export function copyDue({ agent }: { readonly agent: Agent }, updates: number): boolean {
  return agent.target === 'copy' && updates % agent.copyEvery === 0;
}

/** Writes the parameters of a network over its periodic copy. */
export function renewCopy(network: Values): void {
  for (const [name, { data }] of Object.entries(pick('target/', network))) data.set(network[`params/${name}`]!.data);
}
