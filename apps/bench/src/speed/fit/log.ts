import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Interactions } from '@lea/data';

/** Writes events as CSV: user_id and item_id are indices, and timestamp is the place of the event among all. */
export async function writeEvents(path: string, { user, item, time }: Interactions): Promise<void> {
  const order = Int32Array.from(user, (_, i) => i).sort((a, b) => time[a]! - time[b]! || a - b);
  function* lines() {
    yield 'user_id,item_id,timestamp\n';
    for (const [at, i] of order.entries()) yield `${user[i]},${item[i]},${at}\n`;
  }
  await pipeline(Readable.from(lines()), createWriteStream(path));
}
