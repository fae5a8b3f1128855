import { checkObjects, checkRanges, checkSeed, fold, integers, key, LeaError } from '@lea/core';
import { checkScorers, type Scorer, scoresOf, windowsOf } from '@lea/data';
import { topItems } from '../inference/top-items.ts';
import type { Observation } from './types.ts';

/** Input of an actor, with one row per episode. */
export interface ActorMoment {
  /** Number of episodes. */
  readonly size: number;
  /** Number of items to offer per step. */
  readonly slate: number;
  /** Observations, [size, size of the observation space]. */
  readonly observations: Observation;
  /** Whole histories of the users, oldest item first, [size]. */
  readonly histories: readonly (readonly number[])[];
  /** Number of the episode within the rollout, [size]. */
  readonly episodes: readonly number[];
  /** Number of steps taken so far. */
  readonly step: number;
}

/** Chooses actions in a step environment. */
export interface Actor {
  /** Name for tables. */
  readonly name: string;
  /** Chooses the items to offer, [size, slate]. */
  act(moment: ActorMoment): Int32Array | Promise<Int32Array>;
}

/**
 * An actor that offers the items with the highest scores, best first. Ties go to the smaller index.
 *
 * @throws LeaError when it acts: `E_OPTION_VALUE` (fewer items are left than it must offer), `E_SCORE_SHAPE`, `E_SCORE_NAN`
 */
export function greedyActor(
  scorer: Scorer,
  options: {
    /** `seen`: never offers items of the history, however old. Default: offers all items. */
    readonly exclude?: 'seen';
  } = {},
): Actor {
  checkScorers('greedyActor', { scorer });
  checkObjects('greedyActor', { options });
  return {
    name: scorer.name,
    async act({ size, slate, histories }) {
      const windows = windowsOf(histories, scorer.window, scorer.items);
      const scores = await scoresOf(scorer, windows);
      return topItems(scores, size, slate, options.exclude === 'seen' ? histories : undefined).items;
    },
  };
}

/** An actor that offers distinct uniformly random items, as a baseline. @throws LeaError `E_OPTION_VALUE` */
export function uniformActor(items: number, seed = 0): Actor {
  checkRanges('uniformActor', { items }, { items: [1, 2 ** 31, 'whole'] });
  checkSeed('uniformActor', seed);
  return {
    name: 'uniform',
    act({ size, slate, episodes, step }) {
      if (slate > items)
        throw new LeaError('E_OPTION_VALUE', `The slate must not exceed the ${items} items.`, { value: slate });
      const actions = new Int32Array(size * slate);
      episodes.forEach((episode, i) => {
        const own = fold(fold(fold(key(seed), 'uniform actor'), episode), step);
        const offered = new Set<number>();
        for (let draw = 0; offered.size < slate; draw++) offered.add(integers(fold(own, draw), 1, items)[0]!);
        actions.set([...offered], i * slate);
      });
      return actions;
    },
  };
}
