import { LeaError } from '@lea/core';
import type { Redis } from 'ioredis';
import type { Address } from './address.ts';

/** BullMQ, and a connection for it. */
export interface Opened {
  readonly bullmq: typeof import('bullmq');
  readonly client: Redis;
}

/** Default of `patience`. */
const PATIENCE = 10_000;
/** Milliseconds that one waits for Redis at the end. */
const GOODBYE = 5000;

/**
 * Loads BullMQ and connects to the server. When the connection is lost, it is sought again every second at the latest.
 *
 * @param patient commands wait until the server is there again, as workers need it; otherwise they fail at once
 * @param patience milliseconds until a server that does not answer counts as away
 * @throws LeaError `E_PEER_MISSING`; `E_QUEUE_CONNECTION` when the server does not answer or refuses the password
 */
export async function openRedis({ url, shown }: Address, patient: boolean, patience = PATIENCE): Promise<Opened> {
  const { bullmq, Client } = await loadPeers();
  const manners = patient
    ? { maxRetriesPerRequest: null }
    : { maxRetriesPerRequest: 0, enableOfflineQueue: false, commandTimeout: patience };
  let connected = false;
  const retryStrategy = (times: number): number | null => (connected ? Math.min(1000, 100 * times) : null);
  const client = new Client(url, { ...manners, lazyConnect: true, connectTimeout: patience, retryStrategy });
  let heard: unknown;
  client.on('error', (error) => {
    heard ??= error;
  });
  // The client itself waits without end for a server that takes connections and says nothing.
  const late = setTimeout(() => {
    heard ??= new Error(`it is silent for ${patience / 1000} s`);
    client.disconnect();
  }, patience);
  try {
    await client.connect();
    await client.ping();
    // The client itself goes on where the database of the URL is refused.
    if (client.options.db) await client.select(client.options.db);
  } catch (error) {
    client.disconnect();
    // The error itself may hold the command with the password, so it is not the cause.
    throw refusal(shown, reasonOf(heard ?? error));
  } finally {
    clearTimeout(late);
  }
  connected = true;
  return { bullmq, client };
}

/** Why a server cannot be used. */
function refusal(shown: string, reason: string): LeaError {
  const [what, hint] = reason.startsWith('NOAUTH')
    ? ['needs a password', 'Set the environment variable LEA_QUEUE to redis://:PASSWORD@HOST:PORT.']
    : reason.startsWith('WRONGPASS')
      ? ['refuses the user or the password', 'Correct LEA_QUEUE.']
      : reason.includes('DB index')
        ? ['has no database of this number', 'A server has the databases 0 to 15, unless it is set up for others.']
        : [`does not answer: ${reason}`, 'Start it, or correct --queue or LEA_QUEUE.'];
  return new LeaError('E_QUEUE_CONNECTION', `Redis at ${shown} ${what}.`, { hint });
}

/** Closes what uses a connection, and the connection. If Redis is away, that is without a goodbye. */
export async function closeRedis(client: Redis, close: () => Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, client.status === 'ready' ? GOODBYE : 0);
  });
  await Promise.race([close().catch(() => {}), late]);
  clearTimeout(timer);
  client.disconnect();
}

/** What an error of the client says, in one line without its period. Errors of a host with several addresses have only a code. */
export function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (/^(Stream isn't writeable|Connection is closed)/.test(message)) return 'the connection is lost';
  return message ? message.split('\n')[0]!.replace(/\.+$/, '') : (code ?? 'unknown');
}

async function loadPeers() {
  try {
    const [bullmq, ioredis] = await Promise.all([import('bullmq'), import('ioredis')]);
    return { bullmq, Client: ioredis.Redis };
  } catch (cause) {
    throw new LeaError('E_PEER_MISSING', 'A queue needs the optional packages bullmq and ioredis.', {
      hint: 'Run npm i bullmq ioredis.',
      cause,
    });
  }
}
