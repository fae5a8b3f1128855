import { checkObjects, checkRanges, type Given, unknownKey } from '@lea/core';
import type { InteractiveUsers, RewardModel, World } from '@lea/data';
import type { Environment } from '../inference/environment.ts';
import type { StepOptions } from './options.ts';
import type { Discrete } from './spaces.ts';
import { checkSources, stepEnvironment } from './step-environment.ts';

/** Options of `interactiveUsers`: those of `stepEnvironment` without those that `evaluateInteractive` decides. */
export type InteractiveUsersOptions = Omit<StepOptions, 'horizon' | 'slate' | 'observation' | 'seed'>;

const NAMES = ['start', 'window', 'reward', 'historyUpdate', 'patience', 'scale', 'rewardModel'] as const;

/**
 * The users of a fitted environment, a world or a reward model for `evaluateInteractive` of `@lea/eval`. They react as those of
 * `stepEnvironment`; user u is the first episode of seed u. Their own rule is `patience`: they leave after so many offers in a row
 * that they did not accept (default Infinity: never, so visits are cut at `maxLength`).
 *
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`, `E_DATA_EMPTY`, `E_ITEM_RANGE`, `E_REWARD_MISSING`
 */
export async function interactiveUsers(
  source: Environment | World | RewardModel,
  options: Given<InteractiveUsersOptions> = {},
): Promise<InteractiveUsers> {
  checkSources('interactiveUsers', { source });
  checkObjects('interactiveUsers', { options });
  for (const name of Object.keys(options)) {
    if (!NAMES.some((known) => known === name)) throw unknownKey('interactiveUsers', name, NAMES);
  }
  const { patience = Number.POSITIVE_INFINITY, ...others } = options;
  checkRanges('interactiveUsers', { patience }, { patience: [1, Number.POSITIVE_INFINITY, 'whole or Infinity'] });
  // No episode ends by itself, because the caller may keep users who would have left.
  const environment = await stepEnvironment(source, { ...others, horizon: Number.MAX_SAFE_INTEGER });
  const { n: items } = environment.actionSpace as Discrete;
  return {
    name: environment.name,
    items,
    async visit(first, size) {
      const visits = environment.vectorize(size, { autoresetMode: 'disabled' });
      const begun = await visits.reset({ seed: first });
      const histories = begun.infos.map(({ history }) => history);
      return {
        histories,
        async offer(rows, offered) {
          // The environments take steps together; visits that are over are offered item 0, and nobody looks at them again.
          const actions = new Int32Array(size);
          rows.forEach((row, i) => {
            actions[row] = offered[i]!;
          });
          const { rewards, infos } = await visits.step(actions);
          for (const row of rows) histories[row] = infos[row]!.history;
          return {
            reward: Float64Array.from(rows, (row) => rewards[row]!),
            accepted: rows.map((row) => infos[row]!.chosen >= 0),
            left: rows.map((row) => infos[row]!.rejections >= patience),
          };
        },
      };
    },
  };
}
