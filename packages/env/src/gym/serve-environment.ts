import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { checkRanges, LeaError, type Resource, resource, withDefaults } from '@lea/core';
import { readJson, sendError, sendJson } from './http.ts';
import { sessionTable } from './sessions.ts';
import type { Point } from './spaces.ts';
import type { StepEnvironment, VectorStepEnvironment } from './types.ts';

export interface ServeOptions {
  /** Default 0: any free one, see `url` of what is returned. */
  readonly port: number;
  /**
   * Default 127.0.0.1: this machine only. There is no password: other addresses open the environment to their network, and
   * with 0.0.0.0 or :: requests may call the server by any name.
   */
  readonly host: string;
  /** Sessions at the same time (default 64). */
  readonly sessions: number;
  /** Environments side by side in one session (default 256). */
  readonly size: number;
  /** Connections at the same time (default 256); further ones are closed at once. */
  readonly connections: number;
  /** Bytes of a request's body (default 1 MiB). */
  readonly bodyBytes: number;
  /** Milliseconds after which a session that is not used may be taken away for another (default 30 minutes). */
  readonly idle: number;
  /**
   * The same for a session whose client has no connection any more, because it died or opens one for each call (default 1
   * minute).
   */
  readonly disconnected: number;
  /**
   * Told of errors inside of the environment, results that are no JSON among them; of those that are no LeaError, clients
   * are told nothing. Default: nobody is told.
   */
  readonly onError: ((error: unknown) => void) | undefined;
}

const DEFAULTS: ServeOptions = {
  port: 0,
  host: '127.0.0.1',
  sessions: 64,
  size: 256,
  connections: 256,
  bodyBytes: 1 << 20,
  idle: 30 * 60_000,
  disconnected: 60_000,
  onError: undefined,
};

/** A running server. Disposing of it ends all sessions and frees the port; the environment stays. */
export interface EnvironmentServer extends Resource {
  readonly url: string;
  readonly port: number;
}

/** Version of the protocol, told by `GET /spec`. */
const PROTOCOL = 1;

/** Milliseconds without a word after which the system asks whether a client's machine is still there. */
const PROBE_AFTER = 60_000;

/**
 * Serves an environment over HTTP, for agents in other languages; the Python package `lea-env` is a client for
 * Gymnasium. JSON both ways:
 *
 * - `GET /spec` -> `{ protocol, name, horizon, autoresetMode, observationSpace, actionSpace }`
 * - `POST /sessions` `{ size? }` -> `{ session }`: episodes of one's own; with a size, that many side by side
 * - `POST /sessions/<id>/reset` `{ seed? }` -> `{ observation, info }`, or `{ observations, infos }`
 * - `POST /sessions/<id>/step` `{ action }` -> `{ observation, reward, terminated, truncated, info }`, or the same in the
 *   plural, as `VectorStepEnvironment` gives it
 * - `DELETE /sessions/<id>` -> `{}`
 *
 * Errors: a status of 400 or more and `{ error: { code, message } }`.
 *
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`, `E_PORT`
 */
export async function serveEnvironment(
  environment: StepEnvironment,
  options?: Partial<ServeOptions>,
): Promise<EnvironmentServer> {
  const o = withDefaults('serveEnvironment', DEFAULTS, options);
  checkRanges('serveEnvironment', o, {
    port: [0, 65535, 'whole'],
    sessions: [1, Infinity, 'whole'],
    size: [1, 4096, 'whole'],
    connections: [1, Infinity, 'whole'],
    bodyBytes: [1, Infinity, 'whole'],
    idle: [0, Infinity],
    disconnected: [0, Infinity],
  });
  const sessions = sessionTable<StepEnvironment | VectorStepEnvironment>({ ...o, now: () => performance.now() });
  const { name, horizon, observationSpace, actionSpace } = environment;
  const spec = { protocol: PROTOCOL, name, horizon, autoresetMode: 'next-step', observationSpace, actionSpace };

  const begin = async ({ socket }: IncomingMessage, size: unknown): Promise<{ session: string }> => {
    if (size !== undefined) checkRanges('sessions', { size: size as number }, { size: [1, o.size, 'whole'] });
    const make = () => (size === undefined ? environment.fork() : environment.vectorize(size as number));
    return { session: await sessions.begin(socket, make) };
  };
  const act = async (
    session: StepEnvironment | VectorStepEnvironment,
    verb: string,
    body: Record<string, unknown>,
  ): Promise<unknown> => {
    if (verb === 'reset') {
      // Gymnasium's clients send null for none.
      const { seed } = withDefaults('reset', { seed: undefined as unknown }, body);
      return await session.reset(seed === undefined || seed === null ? {} : { seed: seed as number });
    }
    const { action } = withDefaults('step', { action: undefined as unknown }, body);
    return await session.step(action as Point & ArrayLike<number>);
  };

  /** Names by which this server may be called: a page whose own name was made to point here has another. */
  const hosts = new Set([
    'localhost',
    '127.0.0.1',
    '[::1]',
    (o.host.includes(':') ? `[${o.host}]` : o.host).toLowerCase(),
  ]);
  const anyHost = o.host === '0.0.0.0' || o.host === '::';
  const answer = async (request: IncomingMessage): Promise<unknown> => {
    const called = (request.headers.host ?? '').replace(/:\d+$/, '').toLowerCase();
    if (!anyHost && !hosts.has(called))
      throw new LeaError('E_HOST', 'This server has another name.', { value: called });
    const path = (request.url ?? '/').split('?')[0]!;
    const method = (expected: string): void => {
      if (request.method !== expected) {
        throw new LeaError('E_METHOD', `Use ${expected} for ${path}.`, { value: request.method });
      }
    };
    const [root, id, verb, ...rest] = path.split('/').slice(1);
    if (path === '/spec') {
      method('GET');
      return spec;
    }
    if (root !== 'sessions' || rest.length > 0 || (verb !== undefined && verb !== 'reset' && verb !== 'step')) {
      throw new LeaError('E_ROUTE', 'There is nothing at this path.', {
        value: path,
        hint: 'There are /spec, /sessions and /sessions/<id>, the last with /reset and /step.',
      });
    }
    if (id !== undefined && verb === undefined) {
      method('DELETE');
      await sessions.end(id);
      return {};
    }
    method('POST');
    const body = await readJson(request, o.bodyBytes);
    if (id !== undefined) return await sessions.use(id, request.socket, (session) => act(session, verb!, body));
    return await begin(request, withDefaults('sessions', { size: undefined as unknown }, body).size);
  };

  const server = createServer({ keepAlive: true, keepAliveInitialDelay: PROBE_AFTER }, (request, response) => {
    answer(request)
      .then((value) => sendJson(response, 200, value))
      .catch((error: unknown) => {
        // The client is gone: there is nobody to tell.
        if (response.destroyed) return;
        if (sendError(request, response, error) >= 500) o.onError?.(error);
      });
  });
  // Agents think between steps: a connection is kept as long as a session.
  server.keepAliveTimeout = Math.min(Math.max(o.idle, 1), 2 ** 31 - 1);
  server.maxConnections = o.connections;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      reject(
        new LeaError('E_PORT', `Cannot listen (${(cause as NodeJS.ErrnoException).code}).`, {
          value: `${o.host}:${o.port}`,
          hint: 'Take port 0 for any free one.',
          cause,
        }),
      );
    });
    server.listen(o.port, o.host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${o.host.includes(':') ? `[${o.host}]` : o.host}:${port}`,
    port,
    ...resource(async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
      await sessions.endAll();
    }),
  };
}
