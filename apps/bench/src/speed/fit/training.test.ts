import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createWorld } from '@lea/data';
import { readInteractions } from '@lea/data/node';
import { expect, test } from 'vitest';
import { writeEvents } from './log.ts';
import { trainingRounds } from './training.ts';

test('a log is written in the order of its times and trained on, one validation per round', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'lea-speed-'));
  const path = join(folder, 'log.csv');
  const { interactions } = createWorld({ seed: 3, users: 40, items: 30 });
  await writeEvents(path, interactions);
  const read = await readInteractions(path);
  expect(read.item).toHaveLength(interactions.item.length);
  const ofFirst = ({ user, item, time }: typeof read, of: (id: number) => string) =>
    [...user.keys()]
      .filter((i) => user[i] === user[0])
      .sort((a, b) => time[a]! - time[b]!)
      .map((i) => of(item[i]!));
  expect(ofFirst(read, (i) => read.itemIds[i]!)).toEqual(ofFirst(interactions, String));

  const sizes = { width: 8, layers: 1, heads: 1, dropout: 0, window: 5, batch: 20, lr: 0.01, seed: 0, threads: 1 };
  const rounds = await trainingRounds({ path, ...sizes });
  const [first, second] = [await rounds.round(), await rounds.round()];
  for (const [value, ms] of [first, second]) {
    expect(value).toBeGreaterThan(0);
    expect(value).toBeLessThan(1);
    expect(ms).toBeGreaterThan(0);
  }
  await rounds.end();
  await rm(folder, { recursive: true });
});
