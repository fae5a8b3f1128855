import { LeaError } from '@lea/core';
import { quoted } from '../shared/secret.ts';
import { pause } from '../shared/waits.ts';
import { ratingIn } from './answer.ts';
import type { Rating } from './answer-store.ts';
import { type Ledger, promptTokens } from './budget.ts';
import type { Attempt } from './completion.ts';
import { againAfter, inOneMessage, type Message } from './prompt.ts';
import { attempt, type Endpoint } from './request.ts';

export interface AskOptions {
  readonly endpoint: Endpoint;
  readonly model: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Most tokens an answer may have. */
  readonly answerTokens: number;
  readonly retries: number;
  readonly answerRetries: number;
  readonly backoff: { readonly first: number; readonly most: number };
  readonly ledger: Ledger;
  /** Whether the model takes system messages, as far as is known; where not, what they say begins the question. */
  readonly takes: { system: boolean };
  /** Runs a request when one of the places for concurrent ones is free. */
  readonly limit: <T>(run: () => Promise<T>) => Promise<T>;
}

/** Stops everything at once (`abort`), or lets requests under way end and begins no more (`drain`). */
export interface Stop {
  readonly abort: AbortSignal;
  readonly drain: AbortSignal;
}

/** What asking came to. */
export interface Answer {
  readonly rating: Rating;
  /** The last answer, shortened and without the key. */
  readonly said: string;
  /** Why the last answer ended where it did, unless it came to its end: then it says nothing of the question. */
  readonly cut: string | undefined;
}

/**
 * Asks until there is a rating: failures that may pass are tried again after growing waits, wrong answers at once with
 * a reminder.
 *
 * @returns with the rating null after `answerRetries` more wrong answers
 * @throws LeaError `E_ENDPOINT`, `E_ENDPOINT_KEY`, `E_BUDGET`
 */
export async function ask(o: AskOptions, question: readonly Message[], stop: Stop): Promise<Answer> {
  const { endpoint } = o;
  let messages = question;
  let failures = 0;
  for (let wrong = 0; ; ) {
    const system = o.takes.system;
    const sent = system ? messages : inOneMessage(messages);
    const result = await inPlace(o.limit, () => paidAttempt(o, sent, stop), stop.drain);
    if (result.kind === 'answer') {
      const { content, cut } = result;
      // Of a "10" that was cut, a "1" may be left.
      const rating = cut === undefined ? ratingIn(content) : undefined;
      if (rating !== undefined || wrong++ === o.answerRetries) {
        return { rating: rating ?? null, said: quoted(content, endpoint.apiKey), cut };
      }
      messages = againAfter(question, content);
      continue;
    }
    if (result.withoutSystem && system && inOneMessage(sent) !== sent) {
      o.takes.system = false;
      continue;
    }
    if (!result.passing || failures === o.retries) throw unanswered(endpoint, result, failures + 1);
    const wait = waitBefore(failures++, result.wait, o.backoff);
    if (wait === undefined) throw unanswered(endpoint, result, failures);
    await pause(wait, stop.drain);
  }
}

/** Runs when there is a place, which other calls may hold for long; an abort ends the wait, but nothing that has begun. */
function inPlace<T>(limit: AskOptions['limit'], run: () => Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const onAbort = (): void => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    limit(() => {
      signal.removeEventListener('abort', onAbort);
      return run();
    }).then(resolve, reject);
  });
}

async function paidAttempt(o: AskOptions, messages: readonly Message[], stop: Stop): Promise<Attempt> {
  stop.drain.throwIfAborted();
  const settle = await o.ledger.reserve({ prompt: promptTokens(messages).most, completion: o.answerTokens });
  if (stop.drain.aborted) {
    settle(null);
    throw stop.drain.reason;
  }
  let result: Attempt | undefined;
  try {
    result = await attempt(o.endpoint, { ...o.parameters, model: o.model, messages }, stop.abort);
    return result;
  } finally {
    settle(result?.usage);
  }
}

/**
 * Milliseconds to wait: what the endpoint asks for, else a random part of a time that doubles ("full jitter": clients
 * that failed together do not come back together). Nothing when the endpoint asks for more than `most`.
 */
function waitBefore(
  failures: number,
  asked: number | undefined,
  { first, most }: AskOptions['backoff'],
): number | undefined {
  if (asked !== undefined) return asked > most ? undefined : asked;
  // Not keyed on purpose: it must differ between processes, and no result depends on it.
  return Math.random() * Math.min(most, first * 2 ** failures);
}

function unanswered({ url }: Endpoint, failure: Attempt & { kind: 'failure' }, attempts: number): LeaError {
  const { status, why } = failure;
  const where = `${url.origin}${url.pathname}`;
  const times = attempts > 1 ? ` (${attempts} attempts)` : '';
  return new LeaError(
    status === 401 || status === 403 ? 'E_ENDPOINT_KEY' : 'E_ENDPOINT',
    `The endpoint ${why}${times}.`,
    {
      value: where,
      hint: hintFor(failure),
    },
  );
}

function hintFor({ status, wait }: { readonly status?: number; readonly wait?: number }): string {
  if (wait !== undefined) return `It asks to wait ${Math.ceil(wait / 1000)} s. Answers so far are kept in cacheDir.`;
  if (status === 401 || status === 403) return 'Give the apiKey of this endpoint.';
  if (status === 404) return 'Check the url (it ends in /v1, mostly) and the name of the model.';
  if (status !== undefined && status >= 300 && status < 400) return 'Give the address it redirects to as url.';
  if (status !== undefined && status < 500 && status !== 429) {
    return 'The endpoint does not take this request: check model and parameters.';
  }
  return 'Check that the server runs; answers so far are kept in cacheDir. Raise timeout or retries if it is only slow.';
}
