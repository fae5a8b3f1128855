import type { Report } from './checking.ts';

/** Checks the lengths of episodes against the horizon. */
export interface Lengths {
  /** Whether an episode was truncated at its horizon. */
  readonly reached: boolean;
  /** Starts an episode. */
  begin(): void;
  /** Counts a step. @returns whether the episode is over */
  step(result: { readonly terminated: boolean; readonly truncated: boolean }): boolean;
}

/** Creates a check of episode lengths. */
export function lengthsAgainst(horizon: number, report: Report): Lengths {
  if (!(Number.isInteger(horizon) && horizon >= 1)) {
    report('horizon', `horizon must be a whole number of at least 1, got ${horizon}.`);
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
          `Step ${length} was truncated before the horizon of ${horizon}. Use terminated for other ends.`,
        );
      }
      if (!truncated && !terminated && length >= horizon) {
        report('horizon', `Step ${length} reached the horizon but was not truncated. Return truncated: true.`);
      }
      reached ||= truncated && length >= horizon;
      return terminated || truncated;
    },
  };
}
