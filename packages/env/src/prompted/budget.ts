import { LeaError } from '@lea/core';
import type { Message } from './prompt.ts';

/** Caps; what is not named is not capped. */
export interface Budget {
  /** HTTP requests, retries included. */
  readonly requests?: number;
  /** Tokens of prompts and answers together. */
  readonly tokens?: number;
  /** In the currency of `prices`. */
  readonly cost?: number;
}

/** Prices of a million tokens. */
export interface Prices {
  readonly prompt: number;
  readonly completion: number;
}

export interface Usage {
  readonly prompt: number;
  readonly completion: number;
}

/** What was used so far. */
export interface Spent {
  readonly requests: number;
  readonly tokens: number;
  /** 0 without prices. */
  readonly cost: number;
}

/** Counts what requests use, and refuses those that could exceed a cap. */
export interface Ledger {
  readonly spent: Spent;
  /**
   * Room for one request of at most this usage; waits while requests under way might leave room.
   *
   * @returns to be called once: with the true usage, with nothing when it is unknown (the whole reservation counts as
   *   used), or with null when nothing was sent
   * @throws LeaError `E_BUDGET`
   */
  reserve(most: Usage): Promise<(usage?: Usage | null) => void>;
}

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
    // A part in 10^9 more is rounding, not spending.
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
          throw new LeaError('E_BUDGET', `The next request could exceed the budget of ${budget[never]} ${never}.`, {
            value: spent,
            hint: 'Answers so far are kept in cacheDir. Raise the budget, then ask again: only what is missing is asked.',
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

export function costOf({ prompt, completion }: Usage, prices: Prices | undefined): number {
  return prices ? (prompt * prices.prompt + completion * prices.completion) / 1e6 : 0;
}

/** Bytes per token of ordinary prose; what forecasts assume. */
const BYTES_PER_TOKEN = 4;
/** Tokens that chat formats put around each message, generously. */
const MESSAGE_TOKENS = 16;

/** Tokens of an answer such as is asked for; what forecasts assume. */
export const EXPECTED_ANSWER_TOKENS = 10;

/** Prompt tokens as they may be expected, and a bound: a tokenizer that covers all texts needs at most one per byte. */
export function promptTokens(messages: readonly Message[]): { expected: number; most: number } {
  const bytes = messages.reduce((sum, { content }) => sum + Buffer.byteLength(content), 0);
  return {
    expected: Math.ceil(bytes / BYTES_PER_TOKEN) + 4 * messages.length,
    most: bytes + MESSAGE_TOKENS * messages.length,
  };
}
