import { checkNumbers, checkRanges, LeaError } from '@lea/core';
import type { Windows } from './windows.ts';

/**
 * Anything that says how much a user would like an item after a history: a fitted environment, a prompted model, or
 * what you write. The scale is the model's own; a reward may be NaN where the model documents missing values.
 */
export interface RewardModel {
  readonly name: string;
  readonly items: number;
  /** Most events of a history that are read; longer windows may be given. */
  readonly window: number;
  /** Rewards of `actions` [size, A] after each history, [size * A]. */
  rewards(windows: Windows, actions: Int32Array): Promise<Float32Array>;
}

/** Platt scaling, which turns a raw reward R into a probability: sigmoid(slope * R + intercept). */
export interface RewardCalibration {
  readonly slope: number;
  readonly intercept: number;
}

/** @throws LeaError `E_OPTION_VALUE` (not the same number for each history), `E_ITEM_RANGE` */
export function checkActions(actions: Int32Array, size: number, items: number): Int32Array {
  checkNumbers('checkActions', { actions });
  checkRanges('checkActions', { size, items }, { size: [0, Infinity, 'whole'], items: [1, Infinity, 'whole'] });
  if (size > 0 && (actions.length === 0 || actions.length % size !== 0)) {
    throw new LeaError('E_OPTION_VALUE', `Give the same number of actions for each of the ${size} histories.`, {
      value: actions.length,
    });
  }
  const bad = actions.findIndex((a) => !(Number.isInteger(a) && a >= 0 && a < items));
  if (bad >= 0) throw new LeaError('E_ITEM_RANGE', `Items lie in 0..${items - 1}.`, { value: actions[bad] });
  return actions;
}
