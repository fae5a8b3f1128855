import { LeaError } from '@lea/core';
import { retryAfter } from '../../shared/waits.ts';

/** Connection settings of a hub. */
export interface Hub {
  /** Base URL without a trailing slash. */
  readonly endpoint: string;
  /** Access token, if any. */
  readonly token: string | undefined;
  /** Retries after temporary failures. */
  readonly retries: number;
  /** Milliseconds without data after which a connection is closed. */
  readonly timeout: number;
  readonly signal: AbortSignal | undefined;
}

/** A temporary failure: the request may succeed when it is repeated. */
export class Passing extends Error {
  /** Milliseconds to wait, if the server asks for it. */
  readonly wait: number | undefined;
  /** Whether there was no connection at all. */
  readonly offline: boolean;
  /** The error to throw after the last retry. */
  readonly last: LeaError | undefined;

  constructor(why: string, details: { wait?: number; offline?: boolean; last?: LeaError; cause?: unknown } = {}) {
    super(why, { cause: details.cause });
    this.wait = details.wait;
    this.last = details.last;
    this.offline = details.offline ?? false;
  }
}

/** A response whose body is streamed. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** @throws Passing if the connection fails or times out */
  body(): AsyncGenerator<Uint8Array, void>;
  /** Closes the connection without reading the rest. */
  close(): void;
}

/**
 * Sends a request. It follows redirects, but does not send the token to other hosts.
 *
 * @param what the requested object, for error messages
 * @throws Passing; LeaError `E_HUB_ACCESS`, `E_HUB_MISSING`, `E_HUB_ANSWER`; the reason of an aborted signal
 */
export async function request(
  hub: Hub,
  url: string,
  what: string,
  headers: Record<string, string> = {},
): Promise<Answer> {
  hub.signal?.throwIfAborted();
  const stop = new AbortController();
  const onAbort = (): void => stop.abort();
  hub.signal?.addEventListener('abort', onAbort, { once: true });
  let timer = setTimeout(onAbort, hub.timeout);
  const close = (): void => {
    clearTimeout(timer);
    hub.signal?.removeEventListener('abort', onAbort);
    stop.abort();
  };
  const broken = (cause: unknown): unknown => {
    close();
    if (hub.signal?.aborted) return hub.signal.reason;
    const code = codeOf(cause);
    const why = code === 'ABORT_ERR' ? `no data for ${hub.timeout} ms` : code;
    return new Passing(`the connection failed (${why})`, { offline: OFFLINE.includes(code), cause });
  };
  let response: Response;
  try {
    const token = hub.token === undefined ? {} : { authorization: `Bearer ${hub.token}` };
    // Sizes and ranges must refer to the file, not to compressed data.
    response = await fetch(url, {
      headers: { 'accept-encoding': 'identity', ...token, ...headers },
      signal: stop.signal,
    });
  } catch (cause) {
    throw broken(cause);
  }
  const { status } = response;
  if (!response.ok && status !== 416) {
    close();
    throw refusal(hub, status, what, retryAfter(response.headers.get('retry-after')));
  }
  return {
    status,
    headers: response.headers,
    close,
    async *body() {
      try {
        for await (const chunk of response.body ?? []) {
          clearTimeout(timer);
          yield chunk;
          timer = setTimeout(onAbort, hub.timeout);
        }
      } catch (cause) {
        throw broken(cause);
      } finally {
        close();
      }
    },
  };
}

/** Error codes without a network or for an unknown host. */
const OFFLINE = ['ENOTFOUND', 'EAI_AGAIN', 'ECONNREFUSED', 'ENETUNREACH', 'EHOSTUNREACH', 'ENETDOWN'];

function codeOf(error: unknown): string {
  const { cause, code, name } = error as { cause?: { code?: string }; code?: string | number; name?: string };
  if (name === 'AbortError') return 'ABORT_ERR';
  return String(cause?.code ?? code ?? name);
}

function refusal(hub: Hub, status: number, what: string, wait: number | undefined): Error {
  if (status === 401 || status === 403) {
    return new LeaError(
      'E_HUB_ACCESS',
      `The hub denies access to the ${what} (status ${status}). It is private, gated or does not exist.`,
      {
        value: hub.endpoint,
        hint: hub.token
          ? 'Check the permissions of the token.'
          : 'Pass a token with read permission, or check the name.',
      },
    );
  }
  if (status === 404) {
    return new LeaError('E_HUB_MISSING', `The hub does not have the ${what}.`, {
      value: hub.endpoint,
      hint: 'Check the name and the revision.',
    });
  }
  if (status === 408 || status === 425 || status === 429 || status >= 500) {
    return new Passing(`the hub responded with status ${status}`, wait === undefined ? {} : { wait });
  }
  return new LeaError('E_HUB_ANSWER', `The hub responded with status ${status} to the request for the ${what}.`, {
    value: hub.endpoint,
    hint: 'Check the endpoint.',
  });
}
