import { LeaError } from '@lea/core';
import { quoted } from '../shared/secret.ts';
import { pause } from '../shared/waits.ts';
import type { Rating } from './answer-store.ts';
import { type Ledger, promptTokens } from './budget.ts';
import type { Attempt } from './completion.ts';
import type { Form } from './form.ts';
import { againAfter, inOneMessage, type Message } from './prompt.ts';
import { attempt, type Endpoint } from './request.ts';

/** Settings of {@link ask}. */
export interface AskOptions {
  readonly endpoint: Endpoint;
  readonly model: string;
  readonly form: Form;
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Maximum number of tokens of an answer. */
  readonly answerTokens: number;
  readonly retries: number;
  readonly answerRetries: number;
  readonly backoff: { readonly first: number; readonly most: number };
  readonly ledger: Ledger;
  /** Whether the model accepts system messages, as far as known. If not, their text precedes the question. */
  readonly takes: { system: boolean };
  /** Limits the number of concurrent requests. */
  readonly limit: <T>(run: () => Promise<T>) => Promise<T>;
}

/** Signals to stop at once (`abort`), or to finish running requests and start no new ones (`drain`). */
export interface Stop {
  readonly abort: AbortSignal;
  readonly drain: AbortSignal;
}

/** Result of {@link ask}. */
export interface Answer {
  readonly rating: Rating;
  /** The last answer, shortened, with the API key removed. */
  readonly said: string;
  /** Why the last answer was cut off; undefined if it was complete. A cut answer says nothing about the question. */
  readonly cut: string | undefined;
}

/**
 * Asks until there is a rating. Temporary failures are retried with exponential backoff, invalid answers at once with a
 * reminder of the format.
 *
 * @returns the answer; its rating is null after `answerRetries` more invalid answers
 * @throws LeaError `E_ENDPOINT`, `E_ENDPOINT_KEY`, `E_BUDGET`
 */
export async function ask(o: AskOptions, question: readonly Message[], stop: Stop): Promise<Answer> {
  const { endpoint, form } = o;
  let messages = question;
  let failures = 0;
  for (let wrong = 0; ; ) {
    const system = o.takes.system;
    const sent = system ? messages : inOneMessage(messages);
    const result = await inPlace(o.limit, () => paidAttempt(o, sent, stop), stop.drain);
    if (result.kind === 'answer') {
      const { content, tokens } = result;
      // A text of "10" that was cut off may appear as "1", but the one token that log probabilities need is whole.
      const cut = form.readsTokens && result.cut === 'length' ? undefined : result.cut;
      if (form.readsTokens && !tokens && cut === undefined) throw unanswered(endpoint, NO_LOGPROBS, 1);
      const rating = cut === undefined ? form.read(content, tokens) : undefined;
      if (rating !== undefined || wrong++ === o.answerRetries) {
        return { rating: rating ?? null, said: quoted(content, endpoint.apiKey), cut };
      }
      messages = againAfter(question, content, form.format);
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

/** Runs within the concurrency limit. An abort ends the wait, but not work that has started. */
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
 * Milliseconds to wait: as long as the endpoint asks for, else exponential backoff with full jitter, so that clients that
 * failed together do not retry together. Undefined if the endpoint asks for more than `most`.
 */
function waitBefore(
  failures: number,
  asked: number | undefined,
  { first, most }: AskOptions['backoff'],
): number | undefined {
  if (asked !== undefined) return asked > most ? undefined : asked;
  // Not seeded on purpose: it must differ between processes, and no result depends on it.
  return Math.random() * Math.min(most, first * 2 ** failures);
}

/** What is told of a failed request. */
type Failure = Pick<Attempt & { kind: 'failure' }, 'why' | 'status' | 'wait'> & { readonly hint?: string };

const NO_LOGPROBS: Failure = {
  why: 'sent no log probabilities',
  hint: 'This endpoint or model does not support logprobs. Set answer to "text".',
};

function unanswered({ url }: Endpoint, failure: Failure, attempts: number): LeaError {
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

/** Error messages of prompts that are longer than the context of the model. */
const TOO_LONG = /\bcontext[ _](?:size|length|window)/i;

function hintFor({ status, wait, why, hint }: Failure): string {
  if (hint !== undefined) return hint;
  if (wait !== undefined)
    return `It asks to wait ${Math.ceil(wait / 1000)} s. Ratings so far are in cacheDir, if it is set.`;
  if (status === 401 || status === 403) return 'Pass the apiKey of this endpoint.';
  if (status === 404) return 'Check the url (it usually ends in /v1) and the name of the model.';
  if (status !== undefined && status >= 300 && status < 400) return 'Pass the target of the redirect as url.';
  if (status === 400 && TOO_LONG.test(why)) {
    return "Lower window or textLength, or raise the server's limit of the context.";
  }
  if (status !== undefined && status < 500 && status !== 429) {
    return 'The endpoint rejects this request. Check model and parameters.';
  }
  return 'Check that the server is running. If it is only slow, increase timeout or retries. Ratings so far are in cacheDir.';
}
