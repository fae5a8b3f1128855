import type { Usage } from './budget.ts';
import type { Message } from './prompt.ts';

/** How an endpoint is reached. */
export interface Endpoint {
  /** Whole address of the chat completions call. */
  readonly url: URL;
  readonly apiKey: string | undefined;
  readonly fetch: typeof fetch;
  /** Milliseconds for one attempt, its body included. */
  readonly timeout: number;
}

/** One attempt: an answer (whatever it says), or why there is none. */
export type Attempt =
  | {
      readonly kind: 'answer';
      readonly content: unknown;
      /** The answer reached the limit on its tokens: its end is missing. */
      readonly cut: boolean;
      readonly usage: Usage | undefined;
    }
  | {
      readonly kind: 'failure';
      readonly why: string;
      readonly status?: number;
      /** Trying again may help. */
      readonly passing: boolean;
      /** Milliseconds the endpoint asks to wait. */
      readonly wait?: number;
      /** The endpoint refused before it computed anything; otherwise it may bill what never arrived. */
      readonly refused: boolean;
    };

/** More than any answer to our question needs; what is longer is not read. */
const MOST_BYTES = 1 << 20;
const QUOTED = 200;

/**
 * Asks once. Never throws for what the endpoint does; throws the signal's reason when it aborts.
 * Texts of the endpoint are quoted without the key, whether it sends it back or not.
 */
export async function attempt(
  endpoint: Endpoint,
  body: Readonly<Record<string, unknown>> & { readonly messages: readonly Message[] },
  signal: AbortSignal,
): Promise<Attempt> {
  signal.throwIfAborted();
  const { url, apiKey, timeout } = endpoint;
  const stop = new AbortController();
  const onAbort = (): void => stop.abort();
  signal.addEventListener('abort', onAbort, { once: true });
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    stop.abort();
  }, timeout);
  try {
    const response = await endpoint.fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json',
        ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
      },
      body: JSON.stringify(body),
      // A prompt, and the key with it, goes to the address that was given and nowhere else.
      redirect: 'manual',
      signal: stop.signal,
    });
    const text = await boundedText(response);
    if (!response.ok) return refusal(response, quoted(text ?? '', apiKey));
    if (text === undefined) return failed(`sent more than ${MOST_BYTES} bytes`);
    return completion(text, apiKey);
  } catch (error) {
    signal.throwIfAborted();
    if (late) return failed(`gave no answer within ${timeout} ms`);
    return failed(`cannot be reached, or broke off (${quoted(reason(error), apiKey)})`);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}

/** The body, or nothing when it is too long: the rest is not read. */
async function boundedText(response: Response): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > MOST_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function completion(text: string, apiKey: string | undefined): Attempt {
  let whole: unknown;
  try {
    whole = JSON.parse(text);
  } catch {
    return failed('answered with something that is not JSON');
  }
  const choices = field(whole, 'choices');
  const choice = Array.isArray(choices) ? choices[0] : undefined;
  const message = field(choice, 'message');
  if (message === undefined) {
    const error = field(whole, 'error');
    const said = field(error, 'message') ?? error;
    return failed(`answered with JSON that is no chat completion${said ? `: ${quoted(said, apiKey)}` : ''}`);
  }
  const prompt = count(field(field(whole, 'usage'), 'prompt_tokens'));
  const answered = count(field(field(whole, 'usage'), 'completion_tokens'));
  const usage = prompt === undefined || answered === undefined ? undefined : { prompt, completion: answered };
  return {
    kind: 'answer',
    content: field(message, 'content'),
    cut: field(choice, 'finish_reason') === 'length',
    usage,
  };
}

function refusal(response: Response, said: string): Attempt {
  const { status } = response;
  const wait = retryAfter(response.headers.get('retry-after'));
  return {
    kind: 'failure',
    why: `answered with status ${status}${said ? `: ${said}` : ''}`,
    status,
    passing: status === 408 || status === 425 || status === 429 || status >= 500,
    // Gateways give up on work that goes on behind them, and is billed.
    refused: status < 500 && status !== 408,
    ...(wait === undefined ? {} : { wait }),
  };
}

function failed(why: string): Attempt {
  return { kind: 'failure', why, passing: true, refused: false };
}

/** Seconds or a date, as milliseconds from now. */
export function retryAfter(header: string | null): number | undefined {
  if (header === null) return undefined;
  const wait = /^\d+(\.\d+)?$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isNaN(wait) ? undefined : Math.max(0, wait);
}

/** What an endpoint said, for an error: the key blotted out, also as JSON writes it, then on one line and shortened. */
export function quoted(said: unknown, apiKey: string | undefined): string {
  let text = typeof said === 'string' ? said : written(said);
  if (apiKey) for (const key of [apiKey, JSON.stringify(apiKey).slice(1, -1)]) text = text.replaceAll(key, '***');
  return text.replace(/\s+/g, ' ').trim().slice(0, QUOTED);
}

function written(value: unknown): string {
  try {
    return JSON.stringify(value) ?? 'nothing';
  } catch {
    // It is nested too deep.
    return 'something endless';
  }
}

function reason(error: unknown): unknown {
  const cause = field(error, 'cause');
  return field(cause, 'code') ?? field(error, 'code') ?? field(cause, 'message') ?? field(error, 'message');
}

function field(value: unknown, name: string): unknown {
  return value !== null && typeof value === 'object' ? (value as Record<string, unknown>)[name] : undefined;
}

function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}
