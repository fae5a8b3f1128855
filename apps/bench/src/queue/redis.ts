import { LeaError } from '@lea/core';
import type { Address } from './address.ts';

/** BullMQ, with the options of its connections to one server. */
export interface Redis {
  readonly bullmq: typeof import('bullmq');
  /** Commands fail at once while the server is away. */
  readonly connection: import('bullmq').RedisOptions;
  /** Commands wait until the server is there again, as workers need it. */
  readonly patient: import('bullmq').RedisOptions;
}

/** Milliseconds until a server that does not answer counts as away. */
const PATIENCE = 10_000;

/**
 * Loads BullMQ and asks the server once.
 *
 * @throws LeaError `E_PEER_MISSING`; `E_QUEUE_CONNECTION` when the server does not answer or refuses the password
 */
export async function openRedis({ url, shown }: Address): Promise<Redis> {
  const { bullmq, Client } = await loadPeers();
  // Redis is sought again every second at the latest.
  const shared = { url, connectTimeout: PATIENCE, retryStrategy: (times: number) => Math.min(1000, 100 * times) };
  const once = { ...shared, lazyConnect: true, maxRetriesPerRequest: 0, retryStrategy: () => null };
  const client = new Client(url, { ...once, commandTimeout: PATIENCE });
  let heard: unknown;
  client.on('error', (error) => {
    heard ??= error;
  });
  try {
    await client.connect();
    await client.ping();
  } catch (error) {
    // The error itself may hold the command with the password, so it is not the cause.
    throw new LeaError('E_QUEUE_CONNECTION', `Redis at ${shown} does not answer: ${reasonOf(heard ?? error)}.`, {
      hint: 'Start it, or correct --queue or LEA_QUEUE.',
    });
  } finally {
    client.disconnect();
  }
  return {
    bullmq,
    connection: { ...shared, enableOfflineQueue: false, maxRetriesPerRequest: 0, commandTimeout: PATIENCE },
    patient: { ...shared, maxRetriesPerRequest: null },
  };
}

/** What an error of the client says, in one line. Errors of a host with several addresses have only a code. */
export function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return message ? message.split('\n')[0]! : (code ?? 'unknown');
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
