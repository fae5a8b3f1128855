import { type Annotation, type Rewards, rewardReader, type Transitions } from '@lea/data';
import type { SignalOptions } from './options.ts';

/** The options that turn raw modeled rewards into rewards of the TD loss. */
export type RewardOptions = Pick<SignalOptions, 'rewards' | 'rewardForm' | 'rewardMix'>;

type Source = Pick<Annotation, 'k' | 'reward' | 'positiveRewards' | 'rewardMean' | 'rewardStd' | 'calibration'>;

/** The reward of every logged action [R]: the modeled reward in the form `rewardForm`, mixed with the logged reward. */
export function modeledReward(source: Source, transitions: Transitions, options: RewardOptions): Float32Array {
  const value = rewardForm(source, options);
  const own = ownReward(transitions, options.rewards!);
  return source.reward.map((raw, row) => value(raw, own(row)));
}

/**
 * The reward of each row's first k positive actions [R*k], on the scale of logged rewards. It is based on the reward of the
 * logged event that the action replaces; without `use.reward` it is that reward itself.
 */
export function positiveRewards(
  source: Source,
  transitions: Transitions,
  options: RewardOptions & { readonly k: number; readonly use: { readonly reward: boolean } },
): Float32Array {
  const { k, use, rewards } = options;
  const value = use.reward ? rewardForm(source, options) : (_: number, own: number) => own;
  const own = ownReward(transitions, rewards!);
  const values = new Float32Array(transitions.count * k);
  for (let row = 0; row < transitions.count; row++) {
    for (let j = 0; j < k; j++) values[row * k + j] = value(source.positiveRewards[row * source.k + j]!, own(row));
  }
  return values;
}

function ownReward({ sequences, event }: Transitions, rewards: Rewards): (row: number) => number {
  const rewardOf = rewardReader('leaSignals', sequences, rewards);
  return (row) => rewardOf(event[row]!);
}

function rewardForm(
  { rewardMean, rewardStd, calibration }: Source,
  { rewardForm: form, rewardMix: mix }: RewardOptions,
): (raw: number, own: number) => number {
  const formed = (raw: number, own: number): number => {
    const z = (raw - rewardMean) / (rewardStd || 1);
    switch (form) {
      case 'raw':
        return raw;
      case 'standardized':
        return own * (1 + z);
      case 'calibrated':
        return (own * 2) / (1 + Math.exp(-calibration!.slope * raw - calibration!.intercept));
      default:
        return (own * 2) / (1 + Math.exp(-z));
    }
  };
  return (raw, own) => (mix === 1 ? formed(raw, own) : mix * formed(raw, own) + (1 - mix) * own);
}
