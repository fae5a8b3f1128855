import type { Queue } from 'bullmq';
import type { Address } from './address.ts';
import { closeRedis, openRedis } from './redis.ts';
import type { Task } from './task.ts';

/**
 * Uses a queue, and closes it. Its commands fail at once while Redis is away.
 *
 * @param nameOf gives its name, once Redis has answered
 * @throws LeaError `E_PEER_MISSING`, `E_QUEUE_CONNECTION`, and what `nameOf` throws
 */
export async function withQueue<T>(
  address: Address,
  nameOf: () => Promise<string>,
  use: (queue: Queue<Task>) => Promise<T>,
): Promise<T> {
  const { bullmq, client } = await openRedis(address, false);
  let queue: Queue<Task> | undefined;
  try {
    queue = new bullmq.Queue<Task>(await nameOf(), { connection: client });
    // Failed commands say the same.
    queue.on('error', () => {});
    return await use(queue);
  } finally {
    await closeRedis(client, async () => queue?.close());
  }
}

/** Checks that Redis answers. @throws LeaError `E_PEER_MISSING`, `E_QUEUE_CONNECTION` */
export async function checkRedis(address: Address): Promise<void> {
  const { client } = await openRedis(address, false);
  await closeRedis(client, async () => {});
}
