import {
  fold,
  type Given,
  key,
  LeaError,
  type OptionsSchema,
  option,
  parseOptions,
  permutation,
  seed,
  whole,
} from '@lea/core';
import { checkTransitions, historyWindows, type Transitions } from '@lea/data';
import type { LikelihoodExamples } from './options.ts';

/** Options of {@link drawExamples}. */
export interface DrawExamplesOptions {
  /** Number of examples, each of another user. Default: 4. Higher: the model sees more of the form, longer prompts. */
  readonly count: number;
  /** Maximum number of events of a history, the newest ones. Default: 3. Higher: longer prompts. */
  readonly window: number;
  /** Seed of the draw. Default: 0. */
  readonly seed: number;
}

/** Defaults and checks of {@link DrawExamplesOptions}. */
export const drawExamplesSchema: OptionsSchema<DrawExamplesOptions> = {
  count: option(whole(1), 4),
  window: option(whole(1), 3),
  seed: option(seed, 0),
};

/**
 * Draws solved examples for {@link likelihoodRewards} from logged rows: histories with their next item, uniformly among the
 * rows with a history, each of another user.
 *
 * @param rows rows of train users; examples of the users who are measured would tell the model their choices
 * @throws LeaError `E_ARGUMENT_TYPE`, `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`, `E_DATA_EMPTY` (too few users with a history)
 */
export function drawExamples(rows: Transitions, options?: Given<DrawExamplesOptions>): LikelihoodExamples {
  checkTransitions('drawExamples', { rows });
  const o = parseOptions('drawExamples', drawExamplesSchema, options);
  const { sequence, event, sequences } = rows;
  const users = new Set<number>();
  const drawn = permutation(fold(key(o.seed), 'examples'), rows.count).filter((row) => {
    const user = sequence[row]!;
    if (users.size === o.count || users.has(user) || event[row] === sequences.offsets[user]) return false;
    users.add(user);
    return true;
  });
  if (drawn.length < o.count) {
    throw new LeaError('E_DATA_EMPTY', `Cannot draw ${o.count} examples: too few users have a history.`, {
      value: drawn.length,
      hint: `Lower count to at most ${drawn.length}.`,
    });
  }
  return {
    windows: historyWindows(rows, drawn, o.window),
    actions: drawn.map((row) => sequences.items[event[row]!]!),
  };
}
