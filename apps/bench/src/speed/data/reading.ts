import { leaveOneOut, type Split } from '@lea/data';
import { readInteractions } from '@lea/data/node';
import type { Rounds } from '../settings.ts';
import type { ReadSettings } from './settings.ts';

/** A round reads the log from disk and splits it. Its "losses" are checksums of the split, by which engines are compared. */
export async function readingRounds(settings: ReadSettings): Promise<Rounds> {
  return {
    round: async () => checksums(await readSplit(settings)),
    end: async () => {},
  };
}

/** Reads the log and leaves the last two events of each user out. */
export async function readSplit({ path, engine, threads }: ReadSettings): Promise<Split> {
  const duckdb = { threads: String(threads) };
  return leaveOneOut(await readInteractions(path, path.endsWith('.parquet') ? { duckdb } : { engine, duckdb }));
}

/** Sums that depend on the order of the events and on all sets. They are exact in a double. */
function checksums({ train, validation, test }: Split): number[] {
  const { items, time } = train.sequences;
  let [ids, times] = [0, 0];
  for (let event = 0; event < items.length; event++) {
    ids += items[event]! * (event % 97);
    times += (time[event]! % 1000) * (event % 89);
  }
  const sets = [train, validation, test].map(({ event }) => event.reduce((sum, at) => sum + (at % 1009), 0));
  return [ids, times, ...sets];
}
