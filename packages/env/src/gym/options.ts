import {
  type Given,
  LeaError,
  type OptionsSchema,
  oneOf,
  option,
  parseOptions,
  reference,
  whole,
  wholeOrInfinity,
} from '@lea/core';
import { type RewardModel, sequences, type Transitions, transitions, type World, windowsOf } from '@lea/data';
import type { Environment } from '../inference/environment.ts';

/** z = (utility - mean) / std */
export interface Scale {
  /** The reward that becomes 0. */
  readonly mean: number;
  /** The difference of rewards that becomes 1. */
  readonly std: number;
}

/** Options of `stepEnvironment`. */
export interface StepOptions {
  /** Steps after which an episode is truncated (default 20). */
  readonly horizon: number;
  /** Items offered in a step (default 1, at most all). With more, an action is a list, and the user takes up one at most. */
  readonly slate: number;
  /** Seed of episodes begun without one (default 0). */
  readonly seed: number;
  /** Histories that episodes begin with, drawn uniformly: those before the rows of a set, or these; default empty ones. */
  readonly start: 'empty' | Transitions | readonly (readonly number[])[];
  /**
   * The observation: the model's state vector (default, where there is one) or the item window, right-padded with the
   * number of items.
   */
  readonly observation: 'state' | 'window' | undefined;
  /** Newest items in windows that are observed (default: the model's window; 20 where it has none). */
  readonly window: number | undefined;
  /**
   * With u the model's utility of an item and z = (u - mean) / std: `raw`, the model's own reward; `standardized`, z;
   * `sigmoid` (default), the probability that the user takes something up; `accepted`, 1 when the user did, else 0. Of a
   * slate: `raw` and `standardized` are means over its different items.
   */
  readonly reward: 'raw' | 'standardized' | 'sigmoid' | 'accepted';
  /** `accepted` (default): a history grows by what was taken up. `always`: also by the liked most of what was not. */
  readonly historyUpdate: 'accepted' | 'always';
  /** The user leaves (`terminated`) after so many steps in a row without taking anything up (default Infinity: never). */
  readonly patience: number;
  /**
   * Mean and standard deviation of the rewards, which become z = 0 and z = 1, or the rows whose logged actions have them. Default: the rows of
   * `start`; of a world, its own log. A z of 0 is then a logged action's, and such a one is taken up in half of the cases.
   * `calibration`: that of a fitted environment, so that an item is taken up with the probability that it is what the user
   * took rather than an item not taken.
   */
  readonly scale: Transitions | Scale | 'calibration' | undefined;
  /** Rewards and utilities in place of the environment's own, for instance a prompted model's. */
  readonly rewardModel: RewardModel | undefined;
}

/** Longest window: every observation holds as many numbers. */
const MOST_WINDOW = 1e6;

const stepSchema: OptionsSchema<StepOptions> = {
  horizon: option(whole(1), 20),
  slate: option(whole(1), 1),
  seed: option(whole(0, Number.MAX_SAFE_INTEGER), 0),
  start: option(reference<StepOptions['start']>(), 'empty'),
  observation: option(oneOf('state', 'window'), undefined),
  window: option(whole(1, MOST_WINDOW), undefined),
  reward: option(oneOf('raw', 'standardized', 'sigmoid', 'accepted'), 'sigmoid'),
  historyUpdate: option(oneOf('accepted', 'always'), 'accepted'),
  patience: option(wholeOrInfinity(1), Infinity),
  scale: option(reference<StepOptions['scale']>(), undefined),
  rewardModel: option(reference<RewardModel>(), undefined),
};

/** Options with nothing left open but the measuring of the scale. */
export type ResolvedOptions = StepOptions & { readonly scale: Transitions | Scale };

/** @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`, `E_DATA_EMPTY`, `E_ITEM_RANGE` */
export function stepOptions(
  source: Environment | World | RewardModel,
  items: number,
  given: Given<StepOptions> | undefined,
): ResolvedOptions {
  // The largest slate is known here only.
  const schema = { ...stepSchema, slate: option(whole(1, items), stepSchema.slate.default) };
  const o = parseOptions('stepEnvironment', schema, given);
  checkStart(o.start, items);

  const scale =
    o.scale === 'calibration'
      ? calibrated(o.rewardModel ?? source)
      : (o.scale ?? (isRows(o.start) ? o.start : 'outlook' in source ? logOf(source) : undefined));
  if (!scale) {
    throw new LeaError('E_OPTION_VALUE', 'stepEnvironment: scale is required unless start is a set of rows.', {
      hint: 'Set scale to the training rows, or to { mean, std } of the rewards of typical actions.',
    });
  }
  if (isRows(scale)) checkRows('scale', scale, items);
  else if (!(Number.isFinite(scale.mean) && scale.std > 0 && Number.isFinite(scale.std))) {
    throw new LeaError('E_OPTION_VALUE', 'stepEnvironment: scale must have a finite mean and a std above 0.', {
      value: scale,
    });
  }
  return { ...o, scale };
}

function checkStart(start: StepOptions['start'], items: number): void {
  if (start === 'empty') return;
  if (isRows(start)) {
    checkRows('start', start, items);
    return;
  }
  const isList = (value: unknown): boolean => Array.isArray(value) || ArrayBuffer.isView(value);
  if (!Array.isArray(start) || !start.every(isList)) {
    throw new LeaError(
      'E_OPTION_VALUE',
      'stepEnvironment: start must be "empty", a set of rows or an array of histories.',
      {
        value: start,
        hint: 'Wrap a single history in an array.',
      },
    );
  }
  if (start.length === 0) throw empty('start');
  // Throws for values that are not items of the catalog.
  windowsOf(start, 0, items);
}

function checkRows(name: string, rows: Transitions, items: number): void {
  if (rows.count === 0) throw empty(name);
  if (rows.sequences.itemIds.length === items) return;
  throw new LeaError('E_OPTION_VALUE', `stepEnvironment: ${name} must have the catalog of the ${items} items.`, {
    value: rows.sequences.itemIds.length,
  });
}

function empty(name: string): LeaError {
  return new LeaError('E_DATA_EMPTY', `stepEnvironment: ${name} must contain at least one history.`);
}

export function isRows(value: unknown): value is Transitions {
  return value !== null && typeof value === 'object' && 'sequences' in value;
}

/** The scale for which sigmoid(z) equals sigmoid(slope R + intercept). */
function calibrated(source: Environment | World | RewardModel): Scale {
  const found = 'calibration' in source ? source.calibration : undefined;
  if (found && found.slope > 0) return { mean: -found.intercept / found.slope, std: 1 / found.slope };
  throw new LeaError(
    'E_OPTION_VALUE',
    'stepEnvironment: scale "calibration" needs a source with a calibration of positive slope.',
    {
      value: found,
      hint: 'Fit the environment with validation rows, or set scale to the training rows.',
    },
  );
}

function logOf(world: World): Transitions {
  return transitions(sequences(world.interactions));
}
