/** How what a split holds out is spoken of. */
export interface HeldOut {
  /** Whose decisions were measured. */
  decisions(count: number, users: number): string;
  /** What environments never saw. */
  readonly unseen: string;
  /** What stops the fit and scales probabilities. */
  readonly validation: string;
  /** What intervals cover. */
  readonly chance: string;
}

const whole: HeldOut = {
  decisions: (count, users) => `${number(count)} decisions of ${number(users)} held-out users`,
  unseen: 'users they never saw',
  validation: 'the validation users',
  chance: 'the chance in which users were held out',
};

/** Users whose earlier decisions were trained on. */
const later = (which: string): HeldOut => ({
  decisions: (count, users) => `${number(count)} held-out decisions, the ${which} ones of ${number(users)} users`,
  unseen: `the ${which} decisions of users whose earlier ones they know`,
  validation: 'the validation decisions',
  chance: 'the chance in which users there are',
});

/** @param kind of the split, as its `info` says */
export function heldOut(kind: string): HeldOut {
  if (kind === 'leave-one-out') return later('last');
  return kind === 'time' ? later('latest') : whole;
}

function number(count: number): string {
  return count.toLocaleString('en');
}
