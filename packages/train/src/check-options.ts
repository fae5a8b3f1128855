import { type Agent, checkMemoryRows, type Encoder } from '@lea/agents';
import { LeaError } from '@lea/core';
import type { Transitions } from '@lea/data';
import { checkMetric } from './metric.ts';
import type { Plan } from './options.ts';
import { checkSignals } from './signals/check-signals.ts';

/** @throws LeaError `E_TRAIN_OPTION` if there are no options */
export function checkGiven(options: unknown): void {
  if (typeof options === 'object' && options !== null && !Array.isArray(options)) return;
  throw new LeaError('E_TRAIN_OPTION', 'fit: expected options.', {
    value: options,
    hint: 'Call fit({ agent, train, validation, rewards }).',
  });
}

/** @throws LeaError `E_TRAIN_OPTION` if it is missing or something else, such as an encoder or JSON */
export function checkAgent(agent: unknown): void {
  const given = (typeof agent === 'function' ? {} : (agent ?? {})) as Partial<Agent> &
    Partial<Encoder> & { type?: unknown };
  if (typeof given.loss === 'function' && given.encoder) return;
  const hint = 'Give it as agent: snqn({ encoder: sasrec() }).';
  const refuse = (what: string, way = hint, details: object = {}) =>
    new LeaError('E_TRAIN_OPTION', `fit: ${what}`, { ...details, hint: way });
  if (agent === undefined) throw refuse('agent is missing.');
  if (typeof agent === 'function') {
    throw refuse('agent is a factory that has not been called. Write snqn({ encoder: sasrec() }).');
  }
  if (typeof given.encode === 'function') throw refuse(`agent is the encoder "${given.name}" alone.`);
  if (typeof given.type === 'string') {
    throw refuse('agent is JSON.', 'Make an agent of it: createAgent(json) of @lea/agents.', { value: agent });
  }
  throw refuse('expected an agent.', hint, { value: agent });
}

/** @throws LeaError `E_TRAIN_OPTION` if a set is missing or is not split yet */
export function checkSets(sets: { readonly train: unknown; readonly validation: unknown }): void {
  for (const [name, set] of Object.entries(sets)) {
    const { count, sequences } = (set ?? {}) as Partial<Transitions>;
    if (typeof count === 'number' && typeof sequences === 'object' && sequences !== null) continue;
    throw new LeaError('E_TRAIN_OPTION', `fit: ${name} must be a set of transitions.`, {
      value: set,
      hint: 'Pass those of a split: const { train, validation } = splitByUser(interactions).',
    });
  }
}

/** Options with their defaults, before what follows from them. */
type Completed = Omit<
  Plan,
  'bareAgent' | 'warmStart' | 'joint' | 'networks' | 'shape' | 'statistics' | 'largestReward'
>;

/**
 * Refuses what cannot be trained, before anything is compiled.
 *
 * @throws LeaError `E_TRAIN_OPTION`, `E_TRAIN_METRIC`, `E_SAMPLER`, `E_SIGNALS_ROWS`, `E_MEMORY`, `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`
 */
export function checkOptions({ train, validation, agent, text, signals, memory, sampler, ...plan }: Completed): void {
  const refuse = (what: string, value: unknown, hint: string) => {
    throw new LeaError('E_TRAIN_OPTION', what, { ...(value !== undefined && { value }), hint });
  };
  for (const [name, { count }] of Object.entries({ train, validation })) {
    if (count === 0) refuse(`The ${name} transitions are empty.`, count, 'Check the split and its fractions.');
  }
  const items = train.sequences.itemIds.length;
  const ids = validation.sequences.itemIds;
  if (ids.length !== items || ids.some((id, item) => id !== train.sequences.itemIds[item])) {
    refuse(
      'Train and validation have different catalogs.',
      ids.length === items ? 'other ids, or another order' : ids.length,
      'Split one set of interactions.',
    );
  }
  if ((agent.encoder.needsText || agent.encoder.initText) && !text) {
    refuse(
      `The encoder ${agent.encoder.name} reads item texts.`,
      undefined,
      'Pass text, e.g. from textVectors of @lea/env.',
    );
  }
  if (text && text.shape[0] !== items)
    refuse(`text must have one row for each of the ${items} items.`, text.shape, 'Use the same catalog.');
  if (memory && memory.config.items !== items) {
    refuse(
      `The memory is of another catalog, not of these ${items} items.`,
      memory.config.items,
      'Count it on the train rows: countingMemory(train).',
    );
  }
  if (memory) checkMemoryRows(memory, train);
  checkMetric(plan.metric, validation);
  if (signals) checkSignals(signals, train);
  if (sampler.type === 'sequences') {
    const hint = "Write sampler: { type: 'permutation' }, which shows every row.";
    const why = 'The sampler of sequences shows only the newest rows of a user';
    const weighs = 'rowWeight' in agent.inputs(1, 1, 0, { rowWeights: true });
    if (agent.target !== 'none' || !agent.everyPosition || !weighs) {
      refuse(`${why}, so it needs ce and an encoder with everyPosition.`, agent.name, hint);
    }
    if (signals) refuse(`${why}, so it cannot learn from the signals of all rows.`, 'signals', hint);
    if (plan.fusion === 'joint' && memory) refuse(`${why}, so a memory cannot join them.`, plan.fusion, hint);
  }
  if ('buckets' in sampler && sampler.buckets && agent.wholeWindows) {
    refuse(`The loss of ${agent.name} reads the width of windows, which buckets cut.`, 'buckets', 'Leave buckets out.');
  }
  if (agent.readsEnvironmentState && !signals?.environmentState) {
    refuse(
      `The agent ${agent.name} reads the environment's states, which the signals do not bring.`,
      undefined,
      'Make signals with leaSignals(annotation, train, { use: { state: true }, stateForm: "vectors" }), or set alignmentWeight to 0 and criticState to false.',
    );
  }
  if (signals?.environmentState && !agent.readsEnvironmentState) {
    refuse(
      `The signals bring the environment's states, which the agent ${agent.name} does not read.`,
      undefined,
      'Give the agent an alignmentWeight or criticState, or leave stateForm of leaSignals at "targets".',
    );
  }
}
