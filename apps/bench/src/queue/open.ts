import type { Queue } from 'bullmq';
import type { Address } from './address.ts';
import { closeRedis, openRedis } from './redis.ts';
import type { Task } from './task.ts';

/**
 * Uses a queue, and closes it. Its commands fail at once while Redis is away.
 *
 * @throws LeaError `E_PEER_MISSING`, `E_QUEUE_CONNECTION`
 */
export async function withQueue<T>(
  address: Address,
  name: string,
  use: (queue: Queue<Task>) => Promise<T>,
): Promise<T> {
  const { bullmq, client } = await openRedis(address, false);
  const queue = new bullmq.Queue<Task>(name, { connection: client });
  // Failed commands say the same.
  queue.on('error', () => {});
  try {
    return await use(queue);
  } finally {
    await closeRedis(client, () => queue.close());
  }
}
