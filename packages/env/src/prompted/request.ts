import { quoted } from '../shared/secret.ts';
import { retryAfter } from '../shared/waits.ts';
import { type Attempt, completion, failed } from './completion.ts';
import { field } from './fields.ts';
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

/** More than any answer to our question needs; what is longer is not read. */
const MOST_BYTES = 1 << 20;

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
    const result = read(response, text, apiKey);
    const wait = retryAfter(response.headers.get('retry-after'));
    return result.kind === 'failure' && wait !== undefined ? { ...result, wait } : result;
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
  return new TextDecoder().decode(Buffer.concat(chunks));
}

function read({ ok, status }: Response, text: string | undefined, apiKey: string | undefined): Attempt {
  if (!ok) return refusal(status, text ?? '', apiKey);
  return text === undefined ? failed(`sent more than ${MOST_BYTES} bytes`) : completion(text, apiKey);
}

/** How chat templates and servers say that they know no system messages. */
const NO_SYSTEM =
  /\bsystem\W+(?:role|message|prompt|instruction)|\brole\b.{0,60}\bsystem\b|\broles (?:must alternate|are supported)|\bdeveloper instruction/i;

function refusal(status: number, text: string, apiKey: string | undefined): Attempt {
  const said = quoted(text, apiKey);
  return {
    kind: 'failure',
    why: `answered with status ${status}${said ? `: ${said}` : ''}`,
    status,
    passing: status === 408 || status === 425 || status === 429 || status >= 500,
    withoutSystem: [400, 422, 500].includes(status) && NO_SYSTEM.test(text),
    // Gateways give up on work that goes on behind them, and is billed.
    usage: status < 500 && status !== 408 ? { prompt: 0, completion: 0 } : undefined,
  };
}

function reason(error: unknown): unknown {
  const cause = field(error, 'cause');
  return field(cause, 'code') ?? field(error, 'code') ?? field(cause, 'message') ?? field(error, 'message');
}
