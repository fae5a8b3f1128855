import { checkRanges, checkSeed, fold, integers, key, LeaError } from '@lea/core';
import { type Scorer, windowsOf } from '@lea/data';
import { topItems } from '../inference/top-items.ts';
import type { Observation } from './types.ts';

/** What an actor is asked: one row per episode. */
export interface ActorMoment {
  readonly size: number;
  /** Items to offer in a step. */
  readonly slate: number;
  /** [size, size of the observation space] */
  readonly observations: Observation;
  /** [size] newest items of the users' histories, oldest first. */
  readonly histories: readonly (readonly number[])[];
  /** [size] which episode of the rollout each row is. */
  readonly episodes: readonly number[];
  /** Steps taken so far. */
  readonly step: number;
}

/** Chooses actions. */
export interface Actor {
  readonly name: string;
  /** [size, slate] items. */
  act(moment: ActorMoment): Int32Array | Promise<Int32Array>;
}

/** Offers the items of highest score, best first; ties go to the smaller index. With `seen`, none of the history. */
export function greedyActor(scorer: Scorer, options: { readonly exclude?: 'seen' } = {}): Actor {
  return {
    name: scorer.name,
    async act({ size, slate, histories }) {
      const windows = windowsOf(histories, scorer.window, scorer.items);
      const scores = Float32Array.from(await scorer.score(windows));
      return topItems(scores, size, slate, options.exclude === 'seen' ? histories : undefined).items;
    },
  };
}

/** Offers items drawn uniformly, different ones: what any policy must beat. @throws LeaError `E_OPTION_VALUE` */
export function uniformActor(items: number, seed = 0): Actor {
  checkRanges('uniformActor', { items }, { items: [1, 2 ** 31, 'whole'] });
  checkSeed('uniformActor', seed);
  return {
    name: 'uniform',
    act({ size, slate, episodes, step }) {
      if (slate > items) throw new LeaError('E_OPTION_VALUE', `There are only ${items} items.`, { value: slate });
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
