import type { Windows } from '@lea/data';
import { encodeHistories } from './encode-histories.ts';
import type { Encoded } from './encoded.ts';
import { inferenceOf } from './inference.ts';
import { type ActionRewards, rewardActions } from './reward-actions.ts';
import { scoreStates } from './score-states.ts';
import type { FittedValues } from './weights.ts';

/** The passes of an environment over any number of histories. Programs are compiled when they are first used. */
export interface EnvironmentRunners {
  /** @param forRewards whether to keep keys and values, which rewards with a prompt need */
  encode(windows: Windows, forRewards: boolean): Promise<Encoded>;
  /** Logits of all items, [size * items]. */
  score(encoded: Encoded): Promise<Float32Array>;
  /** Rewards of actions [size, A]. */
  rewards(encoded: Encoded, actions: Int32Array): Promise<ActionRewards>;
  dispose(): Promise<void>;
}

export function environmentRunners(fitted: FittedValues): EnvironmentRunners {
  const inference = inferenceOf(fitted);
  return {
    encode: (windows, forRewards) => encodeHistories(inference, windows, forRewards),
    score: (encoded) => scoreStates(inference, encoded),
    rewards: (encoded, actions) => rewardActions(inference, encoded, actions),
    dispose: inference.programs.dispose,
  };
}
