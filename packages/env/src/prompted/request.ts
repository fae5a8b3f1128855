import { quoted } from '../shared/secret.ts';
import { retryAfter } from '../shared/waits.ts';
import { type Attempt, completion, failed } from './completion.ts';
import { field } from './fields.ts';
import type { Message } from './prompt.ts';

/** Connection settings of an endpoint. */
export interface Endpoint {
  /** Complete URL of the chat completions endpoint. */
  readonly url: URL;
  readonly apiKey: string | undefined;
  readonly fetch: typeof fetch;
  /** Time limit of one attempt in milliseconds, including the body. */
  readonly timeout: number;
}

/** Maximum size of a response; longer responses are not read. */
const MOST_BYTES = 1 << 20;

/**
 * Sends one request. Failures of the endpoint are returned, not thrown; throws the signal's reason if it aborts. The API key
 * is removed from quoted responses.
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
      // Prompt and key must not be sent to other hosts.
      redirect: 'manual',
      signal: stop.signal,
    });
    const text = await boundedText(response);
    const result = read(response, text, apiKey);
    const wait = retryAfter(response.headers.get('retry-after'));
    return result.kind === 'failure' && wait !== undefined ? { ...result, wait } : result;
  } catch (error) {
    signal.throwIfAborted();
    if (late) return failed(`did not respond within ${timeout} ms`);
    return failed(`cannot be reached or closed the connection (${quoted(reason(error), apiKey)})`);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}

/** The body; undefined if it is too long. */
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

/** Error messages of chat templates and servers without support for system messages. */
const NO_SYSTEM =
  /\bsystem\W+(?:role|message|prompt|instruction)|\brole\b.{0,60}\bsystem\b|\broles (?:must alternate|are supported)|\bdeveloper instruction/i;

function refusal(status: number, text: string, apiKey: string | undefined): Attempt {
  const said = quoted(text, apiKey);
  return {
    kind: 'failure',
    why: `responded with status ${status}${said ? `: ${said}` : ''}`,
    status,
    passing: status === 408 || status === 425 || status === 429 || status >= 500,
    withoutSystem: [400, 422, 500].includes(status) && NO_SYSTEM.test(text),
    // After a gateway timeout, the server behind it may continue its work, which is billed. A server that is unavailable, for
    // example because it loads its model, did not start.
    usage: (status < 500 && status !== 408) || status === 503 ? { prompt: 0, completion: 0 } : undefined,
  };
}

function reason(error: unknown): unknown {
  const cause = field(error, 'cause');
  return field(cause, 'code') ?? field(error, 'code') ?? field(cause, 'message') ?? field(error, 'message');
}
