import type { Agent, Phase } from '@lea/agents';
import { adam, pick, prefixed, type Values, zeros } from '@lea/tensor';

/**
 * The initial state of one network: its parameters, and a copy of them when the target is a moving average or a periodic copy.
 * If steps write single rows of item tables, a moving average also counts updates: `average/updates` is the total, and
 * `average/at/...` is the number of updates that each row of the average includes.
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

/** A copy with new arrays; training overwrites the arrays of older states. */
export function copied(values: Values): Values {
  return Object.fromEntries(
    Object.entries(values).map(([name, { dtype, shape, data }]) => [name, { dtype, shape, data: data.slice() }]),
  );
}

/** The state with fresh optimizer slots for a phase; existing slots are dropped. */
export function withSlots(phase: Phase, state: Values): Values {
  const slots = adam(phase.optimizer).init(pick('params/', state));
  return { ...withoutSlots(state), ...prefixed('slots/', slots) };
}

/** The state of a network without its optimizer slots, as it is kept for the best step. */
export function withoutSlots(state: Values): Values {
  return Object.fromEntries(Object.entries(state).filter(([name]) => !name.startsWith('slots/')));
}

/** The part of a network that a training step updates: everything except a periodic copy. */
export function carried({ agent }: { readonly agent: Agent }, network: Values): Values {
  if (agent.target !== 'copy') return network;
  return Object.fromEntries(Object.entries(network).filter(([name]) => !name.startsWith('target/')));
}

/** Whether the target is renewed as a copy of the parameters after this number of updates in a phase. */
export function copyDue({ agent }: { readonly agent: Agent }, updates: number): boolean {
  return agent.target === 'copy' && updates % agent.copyEvery === 0;
}

/** Overwrites the periodic copy of a network with its parameters. */
export function renewCopy(network: Values): void {
  for (const [name, { data }] of Object.entries(pick('target/', network))) data.set(network[`params/${name}`]!.data);
}
