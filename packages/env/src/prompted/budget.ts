import { LeaError } from '@lea/core';
import type { Message } from './prompt.ts';

/** Limits of usage; missing fields are not limited. */
export interface Budget {
  /** Maximum number of HTTP requests, including retries. */
  readonly requests?: number;
  /** Maximum number of tokens of prompts and answers. */
  readonly tokens?: number;
  /** Maximum cost in the currency of `prices`. */
  readonly cost?: number;
}

/** Prices per million tokens. */
export interface Prices {
  /** Price of a million prompt tokens. */
  readonly prompt: number;
  /** Price of a million answer tokens. */
  readonly completion: number;
}

/** Tokens used by a request. */
export interface Usage {
  readonly prompt: number;
  readonly completion: number;
}

/** Usage so far. */
export interface Spent {
  /** Number of HTTP requests, including retries. */
  readonly requests: number;
  /** Number of tokens of prompts and answers. */
  readonly tokens: number;
  /** Cost in the currency of `prices`; 0 without prices. */
  readonly cost: number;
}

/** Counts usage, and rejects requests that could exceed the budget. */
export interface Ledger {
  /** Usage so far. */
  readonly spent: Spent;
  /**
   * Reserves the maximum usage of one request. Waits if running requests may still free some of their reservation.
   *
   * @returns a function to call once: with the actual usage, without arguments if it is unknown (the whole reservation
   *   counts as used), or with null if nothing was sent
   * @throws LeaError `E_BUDGET`
   */
  reserve(most: Usage): Promise<(usage?: Usage | null) => void>;
}

/** Creates a ledger for a budget. */
export function ledger(budget: Budget, prices: Prices | undefined): Ledger {
  const spent = { requests: 0, tokens: 0, cost: 0 };
  const reserved = { requests: 0, tokens: 0, cost: 0 };
  const under = (['requests', 'tokens', 'cost'] as const).filter((name) => budget[name] !== undefined);
  const waiting: (() => void)[] = [];

  const add = (to: typeof spent, { prompt, completion }: Usage, sign: 1 | -1): void => {
    to.requests += sign;
    to.tokens += sign * (prompt + completion);
    to.cost += sign * costOf({ prompt, completion }, prices);
  };
  const lacking = (need: typeof spent, taken: typeof spent): keyof Budget | undefined =>
    // Tolerates rounding errors.
    under.find((name) => spent[name] + taken[name] + need[name] > budget[name]! * (1 + 1e-9));

  return {
    get spent() {
      return { ...spent };
    },
    async reserve(most) {
      const need = { requests: 0, tokens: 0, cost: 0 };
      add(need, most, 1);
      for (;;) {
        const never = lacking(need, { requests: 0, tokens: 0, cost: 0 });
        if (never) {
          throw new LeaError('E_BUDGET', `The next request could exceed the budget (${never}: ${budget[never]}).`, {
            value: spent,
            hint: 'Increase the budget and call again. With cacheDir, only missing ratings are requested.',
          });
        }
        if (!lacking(need, reserved)) break;
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
      add(reserved, most, 1);
      return (usage = most) => {
        add(reserved, most, -1);
        if (usage) add(spent, usage, 1);
        for (const wake of waiting.splice(0)) wake();
      };
    },
  };
}

/** Cost of a usage; 0 without prices. */
export function costOf({ prompt, completion }: Usage, prices: Prices | undefined): number {
  return prices ? (prompt * prices.prompt + completion * prices.completion) / 1e6 : 0;
}

/** Bytes per token of ordinary prose, for forecasts. */
const BYTES_PER_TOKEN = 4;
/** Upper bound of the tokens that chat formats add to each message. */
const MESSAGE_TOKENS = 16;

/** Tokens of a valid answer, for forecasts. */
export const EXPECTED_ANSWER_TOKENS = 10;

/** Expected prompt tokens, and an upper bound: a tokenizer needs at most one token per byte. */
export function promptTokens(messages: readonly Message[]): { expected: number; most: number } {
  const bytes = messages.reduce((sum, { content }) => sum + Buffer.byteLength(content), 0);
  return {
    expected: Math.ceil(bytes / BYTES_PER_TOKEN) + 4 * messages.length,
    most: bytes + MESSAGE_TOKENS * messages.length,
  };
}
