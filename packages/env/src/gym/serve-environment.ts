import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type Check,
  checkRanges,
  custom,
  type Given,
  LeaError,
  type OptionsSchema,
  option,
  parseOptions,
  type Resource,
  resource,
  text,
  whole,
  withDefaults,
} from '@lea/core';
import * as v from 'valibot';
import { checkStepEnvironments } from '../shared/arguments.ts';
import { readJson, sendError, sendJson } from './http.ts';
import { sessionTable } from './sessions.ts';
import type { Point } from './spaces.ts';
import type { StepEnvironment, VectorStepEnvironment } from './types.ts';

/** Options of {@link serveEnvironment}. */
export interface ServeEnvironmentOptions {
  /** Port to listen on. Default: 0, any free port; see `url` of the result. */
  readonly port: number;
  /**
   * Address to listen on. There is no authentication, so other addresses than the default expose the environment to their
   * network. With 0.0.0.0 or ::, the host name of requests is not checked. Default: 127.0.0.1, only this machine.
   */
  readonly host: string;
  /** Maximum number of sessions. Default: 64. */
  readonly sessions: number;
  /** Maximum number of environments per session. Default: 256. */
  readonly size: number;
  /** Maximum number of connections; further connections are closed at once. Default: 256. */
  readonly connections: number;
  /** Maximum size of a request body in bytes. Default: 1 MiB. */
  readonly bodyBytes: number;
  /** Milliseconds after which an unused session may be ended to make room for another. Default: 30 minutes. */
  readonly idle: number;
  /**
   * The same for a session whose client has no open connection, because it crashed or connects anew for each call. Default: 1
   * minute.
   */
  readonly disconnected: number;
  /**
   * Called with internal errors, including results that are not valid JSON. Clients do not see the messages of errors that
   * are not LeaErrors. Default: errors are ignored.
   */
  readonly onError: ((error: unknown) => void) | undefined;
}

const fromZero = 'must be a number of at least 0.';
const milliseconds: Check<number> = v.pipe(v.number(fromZero), v.minValue(0, fromZero));
const callback: Check<(error: unknown) => void> = custom((given) => typeof given === 'function', 'must be a function.');

/** Defaults and checks of {@link ServeEnvironmentOptions}. */
export const serveSchema: OptionsSchema<ServeEnvironmentOptions> = {
  port: option(whole(0, 65535), 0),
  host: option(text, '127.0.0.1'),
  sessions: option(whole(1), 64),
  size: option(whole(1, 4096), 256),
  connections: option(whole(1), 256),
  bodyBytes: option(whole(1), 1 << 20),
  idle: option(milliseconds, 30 * 60_000),
  disconnected: option(milliseconds, 60_000),
  onError: option(callback, undefined),
};

/** A running server. Disposing it ends all sessions and frees the port, but does not dispose the environment. */
export interface EnvironmentServer extends Resource {
  /** Base URL of the server. */
  readonly url: string;
  /** Port of the server. */
  readonly port: number;
}

/** Version of the protocol, returned by `GET /spec`. */
const PROTOCOL = 1;

/** Milliseconds of silence after which TCP keep-alive checks whether the client's machine still exists. */
const PROBE_AFTER = 60_000;

/**
 * Serves an environment over HTTP, for agents in other languages. The Python package `lea-env` is a Gymnasium client.
 * Requests and responses are JSON:
 *
 * - `GET /spec` -> `{ protocol, name, horizon, autoresetMode, observationSpace, actionSpace }`
 * - `POST /sessions` `{ size? }` -> `{ session }`: independent episodes; with `size`, a vector of that many
 * - `POST /sessions/<id>/reset` `{ seed? }` -> `{ observation, info }`, or `{ observations, infos }`
 * - `POST /sessions/<id>/step` `{ action }` -> `{ observation, reward, terminated, truncated, info }`, or the plural fields
 *   of `VectorStepEnvironment`
 * - `DELETE /sessions/<id>` -> `{}`
 *
 * Errors have a status of 400 or more and the body `{ error: { code, message } }`.
 *
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`, `E_PORT`
 */
export async function serveEnvironment(
  environment: StepEnvironment,
  options?: Given<ServeEnvironmentOptions>,
): Promise<EnvironmentServer> {
  checkStepEnvironments('serveEnvironment', { environment });
  const o = parseOptions('serveEnvironment', serveSchema, options);
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
      // Gymnasium clients send null if there is no seed.
      const { seed } = withDefaults('reset', { seed: undefined as unknown }, body);
      return await session.reset(seed === undefined || seed === null ? {} : { seed: seed as number });
    }
    const { action } = withDefaults('step', { action: undefined as unknown }, body);
    return await session.step(action as Point & ArrayLike<number>);
  };

  /** Allowed host names. The check prevents DNS rebinding, in which a web page's own name resolves to this server. */
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
      throw new LeaError('E_HOST', 'The host name of the request is not allowed.', { value: called });
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
      throw new LeaError('E_ROUTE', 'The path does not exist.', {
        value: path,
        hint: 'Available paths: /spec, /sessions, /sessions/<id>, /sessions/<id>/reset and /sessions/<id>/step.',
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
        // The client has disconnected.
        if (response.destroyed) return;
        if (sendError(request, response, error) >= 500) o.onError?.(error);
      });
  });
  // Connections stay open as long as sessions, because agents may compute for long between steps.
  server.keepAliveTimeout = Math.min(Math.max(o.idle, 1), 2 ** 31 - 1);
  server.maxConnections = o.connections;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      reject(
        new LeaError('E_PORT', `Cannot listen on this host and port (${(cause as NodeJS.ErrnoException).code}).`, {
          value: `${o.host}:${o.port}`,
          hint: 'Use port 0 for any free port.',
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
