import { historyWindows, type Transitions } from '@lea/data';
import { createEnvironment, type EnvironmentParts } from '../inference/environment.ts';

/** Maximum number of validation rows, evenly spaced: one number needs no more. */
const ROWS = 8192;

/** Maximum number of logits in memory. */
const LOGITS = 2 ** 24;

/** Limit of the offset, far beyond any logit of a fit. */
const LIMIT = 50;

/** Steps of bisection, for all digits. */
const STEPS = 64;

/**
 * Calibrates the offset of unseen items: items that are the target of no fitted row. Validation users choose such items at the
 * true rate, so their likelihood decides how much probability the state model should give to all of them together.
 *
 * @param parts an environment without an offset
 * @returns 0 if every item is known
 */
export async function calibratedOffset(
  parts: EnvironmentParts,
  validation: Transitions,
  signal: AbortSignal | undefined,
): Promise<number> {
  const { counts } = parts;
  if (!counts.includes(0)) return 0;
  const { event, sequences } = validation;
  const rows = Math.min(validation.count, ROWS);
  const block = Math.max(1, Math.floor(LOGITS / counts.length));
  const logOdds: number[] = [];
  let chosen = 0;
  const environment = createEnvironment(parts);
  try {
    for (let from = 0; from < rows; from += block) {
      signal?.throwIfAborted();
      const size = Math.min(block, rows - from);
      const some = Array.from({ length: size }, (_, i) => Math.floor(((from + i) * validation.count) / rows));
      const logits = await environment.score(historyWindows(validation, some, environment.window));
      for (const [i, row] of some.entries()) {
        logOdds.push(unseenLogOdds(logits.subarray(i * counts.length, (i + 1) * counts.length), counts));
        if (counts[sequences.items[event[row]!]!] === 0) chosen++;
      }
    }
  } finally {
    await environment.dispose();
  }
  return offsetOf(logOdds, chosen);
}

/** Log odds of the softmax that its item is unseen. */
export function unseenLogOdds(logits: Float32Array, counts: Int32Array): number {
  const [known, unseen] = [new LogSum(), new LogSum()];
  for (const [item, logit] of logits.entries()) (counts[item] === 0 ? unseen : known).add(logit);
  return unseen.value - known.value;
}

/**
 * The offset of maximum likelihood: with it, the probabilities that the item is unseen sum to the number of rows where it was.
 * This number is smoothed by the rule of succession, so that the offset is finite if all or none of the items were unseen.
 *
 * @param logOdds of each row without an offset, from {@link unseenLogOdds}
 * @param chosen number of rows with an unseen item
 */
export function offsetOf(logOdds: readonly number[], chosen: number): number {
  const expected = ((chosen + 1) * logOdds.length) / (logOdds.length + 2);
  let [low, high] = [-LIMIT, LIMIT];
  // The sum grows with the offset, so bisection finds it.
  for (let step = 0; step < STEPS; step++) {
    const middle = (low + high) / 2;
    const sum = logOdds.reduce((total, odds) => total + 1 / (1 + Math.exp(-odds - middle)), 0);
    if (sum < expected) low = middle;
    else high = middle;
  }
  return low;
}

/** log sum exp of numbers that are added one by one. */
class LogSum {
  #largest = Number.NEGATIVE_INFINITY;
  #sum = 0;

  add(x: number): void {
    if (x > this.#largest) {
      this.#sum = this.#sum * Math.exp(this.#largest - x) + 1;
      this.#largest = x;
    } else this.#sum += Math.exp(x - this.#largest);
  }

  get value(): number {
    return this.#largest + Math.log(this.#sum);
  }
}
