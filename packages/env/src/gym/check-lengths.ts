import type { Report } from './checking.ts';

/** Counts the steps of episodes against the horizon. */
export interface Lengths {
  /** An episode was truncated where it must be. */
  readonly reached: boolean;
  begin(): void;
  /** @returns whether the episode is over */
  step(result: { readonly terminated: boolean; readonly truncated: boolean }): boolean;
}

export function lengthsAgainst(horizon: number, report: Report): Lengths {
  if (!(Number.isInteger(horizon) && horizon >= 1)) {
    report('horizon', `horizon must be a whole number of at least 1, not ${horizon}.`);
  }
  let [length, reached] = [0, false];
  return {
    get reached() {
      return reached;
    },
    begin() {
      length = 0;
    },
    step({ terminated, truncated }) {
      length++;
      if (truncated && length < horizon) {
        report(
          'horizon',
          `Step ${length} was truncated, before the horizon of ${horizon}. Use terminated for other ends.`,
        );
      }
      if (!truncated && !terminated && length >= horizon) {
        report(
          'horizon',
          `Step ${length} was not truncated although it is the last of the horizon. Return truncated: true.`,
        );
      }
      reached ||= truncated && length >= horizon;
      return terminated || truncated;
    },
  };
}
