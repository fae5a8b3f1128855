import { LeaError } from '@lea/core';
import { retryAfter } from '../../shared/waits.ts';

/** How a hub is reached. */
export interface Hub {
  /** Beginning of its addresses, without a slash at the end. */
  readonly endpoint: string;
  readonly token: string | undefined;
  /** Tries after failures that may pass. */
  readonly retries: number;
  /** Milliseconds without a byte after which a connection is given up. */
  readonly timeout: number;
  readonly signal: AbortSignal | undefined;
}

/** A failure that may pass when the request is made again. */
export class Passing extends Error {
  /** Milliseconds that the server asks to wait. */
  readonly wait: number | undefined;
  /** Whether there was no connection at all. */
  readonly offline: boolean;
  /** What it is told as when it does not pass. */
  readonly last: LeaError | undefined;

  constructor(why: string, details: { wait?: number; offline?: boolean; last?: LeaError; cause?: unknown } = {}) {
    super(why, { cause: details.cause });
    this.wait = details.wait;
    this.last = details.last;
    this.offline = details.offline ?? false;
  }
}

/** An answer whose body is read piece by piece. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** @throws Passing when the connection breaks or is silent for too long */
  body(): AsyncGenerator<Uint8Array, void>;
  /** Gives the connection back without reading on. */
  close(): void;
}

/**
 * Makes a request. Redirects are followed; the token is not sent on to other hosts.
 *
 * @param what is asked for, for messages
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
    const why = code === 'ABORT_ERR' ? `silent for ${hub.timeout} ms` : code;
    return new Passing(`the connection failed (${why})`, { offline: OFFLINE.includes(code), cause });
  };
  let response: Response;
  try {
    const token = hub.token === undefined ? {} : { authorization: `Bearer ${hub.token}` };
    // Sizes and ranges are those of the file, not of a compressed form.
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

/** What a request fails with where there is no network, or no such host. */
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
      `The hub does not give ${what} (status ${status}): it is private, gated, or not there.`,
      {
        value: hub.endpoint,
        hint: hub.token ? 'Check that the token may read it.' : 'Give a token that may read it, or check the name.',
      },
    );
  }
  if (status === 404) {
    return new LeaError('E_HUB_MISSING', `The hub has no ${what}.`, {
      value: hub.endpoint,
      hint: 'Check the name and the revision.',
    });
  }
  if (status === 408 || status === 425 || status === 429 || status >= 500) {
    return new Passing(`the hub answered with status ${status}`, wait === undefined ? {} : { wait });
  }
  return new LeaError('E_HUB_ANSWER', `The hub answered ${what} with status ${status}.`, {
    value: hub.endpoint,
    hint: 'Check the endpoint.',
  });
}
