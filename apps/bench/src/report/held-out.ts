import { counted } from '../terminal/counted.ts';

/** Wording for the held-out part of a split. */
export interface HeldOut {
  /** Describes the measured decisions. */
  decisions(count: number, users: number): string;
  /** Describes the data that environments never saw. */
  readonly unseen: string;
  /** Describes the data for early stopping and Platt scaling. */
  readonly validation: string;
  /** The source of chance that intervals cover. */
  readonly chance: string;
}

const whole: HeldOut = {
  decisions: (count, users) => `${counted(count, 'decision')} of ${counted(users, 'held-out user')}`,
  unseen: 'users they never saw',
  validation: 'the validation users',
  chance: 'chance in the choice of held-out users',
};

/** Users whose earlier decisions were trained on. */
const later = (which: string): HeldOut => ({
  decisions: (count, users) =>
    `${counted(count, 'held-out decision')} (the ${which} ones of ${counted(users, 'user')})`,
  unseen: `the ${which} decisions of users whose earlier decisions they know`,
  validation: 'the validation decisions',
  chance: 'chance in the sample of users',
});

/** @param kind of the split, as its `info` says */
export function heldOut(kind: string): HeldOut {
  if (kind === 'leave-one-out') return later('last');
  return kind === 'time' ? later('latest') : whole;
}
