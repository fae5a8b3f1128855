import { LeaError, unknownKey } from '@lea/core';
import { rowsHash, type Transitions } from '@lea/data';
import type { Signals } from './options.ts';

/**
 * Checks that signals fit the train rows.
 *
 * @throws LeaError `E_TRAIN_OPTION`, `E_SIGNALS_ROWS` (signals that were made for other rows)
 */
export function checkSignals(signals: Signals, train: Transitions): void {
  const rows = train.count;
  const items = train.sequences.itemIds.length;
  if (typeof signals !== 'object' || 'then' in signals) {
    throw refused('signals must be those of leaSignals(await annotate(environment, train), train).', typeof signals);
  }
  for (const [name, values] of Object.entries(signals)) {
    if (!parts.includes(name as keyof Signals)) throw unknownKey('signals', name, parts);
    if (values === undefined || !perRow.some((part) => part === name)) continue;
    const kind = name === 'targets' ? Int32Array : Float32Array;
    if (!(values instanceof kind)) throw refused(`signals.${name} must be a ${kind.name}.`, values);
  }
  if (signals.rowsHash !== undefined && signals.rowsHash !== rowsHash(train)) {
    throw new LeaError('E_SIGNALS_ROWS', 'The signals were made for other rows than these train transitions.', {
      hint: 'Call leaSignals with the train transitions of fit, and with an annotation of them.',
    });
  }
  const { reward, targets, targetWeights, targetRewards, k, environmentState, stateSize } = signals;
  const given = [targets, targetWeights, k].filter((part) => part !== undefined);
  if (given.length !== 0 && given.length !== 3) {
    throw refused('signals.targets, targetWeights and k must be given together.', given.length);
  }
  if (targetRewards && !targets) throw refused('signals.targetRewards needs signals.targets.', targetRewards.length);
  if (k !== undefined && !(Number.isInteger(k) && k >= 1)) {
    throw refused('signals.k must be a whole number of at least 1.', k);
  }
  checkValues('reward', reward, rows, Number.isFinite, 'finite');
  checkValues('targets', targets, rows * (k ?? 0), (item) => item >= 0 && item < items, `an item, 0 to ${items - 1}`);
  const isWeight = (weight: number) => Number.isFinite(weight) && weight >= 0;
  checkValues('targetWeights', targetWeights, rows * (k ?? 0), isWeight, 'finite and at least 0');
  if ((environmentState === undefined) !== (stateSize === undefined)) {
    throw refused('signals.environmentState and stateSize must be given together.', stateSize);
  }
  if (stateSize !== undefined && !(Number.isInteger(stateSize) && stateSize >= 1)) {
    throw refused('signals.stateSize must be a whole number of at least 1.', stateSize);
  }
  checkValues('environmentState', environmentState, rows * (stateSize ?? 0), Number.isFinite, 'finite');
  checkValues('targetRewards', targetRewards, rows * (k ?? 0), Number.isFinite, 'finite');
  if (!perRow.some((name) => signals[name] !== undefined)) {
    throw refused('signals must hold at least one signal.', signals, `They may hold ${perRow.join(', ')}.`);
  }
}

function checkValues(
  name: keyof Signals,
  values: Int32Array | Float32Array | undefined,
  count: number,
  fine: (value: number) => boolean,
  must: string,
): void {
  if (!values) return;
  if (values.length !== count) {
    const what = `signals.${name} must have ${count} values for these train rows.`;
    throw name === 'reward' ? refused(what, values.length, REWARD_HINT) : refused(what, values.length);
  }
  const bad = values.findIndex((value: number) => !fine(value));
  if (bad >= 0) throw refused(`signals.${name}[${bad}] must be ${must}.`, values[bad]);
}

/** What signals may hold: arrays with values for every row, their sizes, and what the rows are. */
const perRow = [
  'reward',
  'targets',
  'targetWeights',
  'targetRewards',
  'environmentState',
] as const satisfies (keyof Signals)[];
const parts: readonly (keyof Signals)[] = ['k', 'stateSize', 'rowsHash', ...perRow];

/** The rewards of all events are no signal. */
const REWARD_HINT =
  "Create the signals with leaSignals from the same train transitions. Rewards of the log need no signal: rewards: 'logged'.";

function refused(
  what: string,
  value: unknown,
  hint = 'Create the signals with leaSignals from the same train transitions.',
): LeaError {
  return new LeaError('E_TRAIN_OPTION', what, { value, hint });
}
