import {
  checkPaths,
  fold,
  type Given,
  key,
  LeaError,
  type OptionsSchema,
  option,
  parseOptions,
  permutation,
  seed,
  whole,
} from '@lea/core';
import { interactionsOf } from '../interactions-of.ts';
import { eachRow, fileSchema } from '../read/table.ts';
import { type EventSet, filesOf } from './dataset.ts';

const source =
  'yoochoose-clicks.dat and yoochoose-buys.dat are the data of the RecSys Challenge 2015 (YOOCHOOSE, CC BY-NC-ND 4.0): ' +
  'kaggle.com/datasets/chadgostopp/recsys-challenge-2015. Copy both into the folder.';

/** Sessions with fewer clicks are left out. */
const fewest = 3;

/** Options of `loadYoochoose`. */
export interface YoochooseOptions {
  /** Number of sessions to draw; all sessions if there are fewer. More sessions take more memory and time. Default: 200000. */
  readonly sessions: number;
  /** Seed of the draw. Default: 0. */
  readonly seed: number;
}

/** Defaults and checks of {@link YoochooseOptions}. */
export const yoochooseSchema: OptionsSchema<YoochooseOptions> = {
  sessions: option(whole(1), 200_000),
  seed: option(seed, 0),
};

/**
 * The raw files of RecSys Challenge 2015, prepared as in the SQN and SA2C papers (Xin et al., SIGIR 2020 and WSDM 2022): of the
 * sessions with at least 3 clicks, 200,000 are drawn at random, with their clicks and purchases in the order of time. A click
 * comes before a purchase of the same time. Items are those of the drawn sessions. The papers count 26,702 items, 1,110,965
 * clicks and 43,946 purchases; which sessions they drew is not known. Times are in milliseconds; items have no texts.
 *
 * The clicks are read twice, row by row, so only the drawn sessions are held in memory.
 *
 * @throws LeaError `E_DATA_MISSING`, `E_CELL_BAD` for a session that is no whole number, `E_DATA_EMPTY` when no session has 3
 *   clicks, `E_OPTION_VALUE`, and the errors of the readers
 */
export async function loadYoochoose(dir: string, options?: Given<YoochooseOptions>): Promise<EventSet> {
  checkPaths('loadYoochoose', { dir });
  const o = parseOptions('loadYoochoose', yoochooseSchema, options);
  const files = await filesOf(dir, { clicks: 'yoochoose-clicks.dat', buys: 'yoochoose-buys.dat' }, source);
  const drawn = draw(await longSessions(files.clicks), o);
  const events = { user: [] as string[], item: [] as string[], time: [] as string[], kind: [] as string[] };
  for (const [path, columns, kind] of [
    [files.clicks, clickColumns, 'click'],
    [files.buys, buyColumns, 'purchase'],
  ] as const) {
    await eachEvent(path, columns, (session, time, item) => {
      if (!drawn.has(session)) return;
      events.user.push(String(session));
      events.item.push(item);
      events.time.push(time);
      events.kind.push(kind);
    });
  }
  return { name: 'yoochoose', interactions: interactionsOf(events) };
}

const clickColumns = ['session', 'time', 'item', 'category'] as const;
const buyColumns = ['session', 'time', 'item', 'price', 'quantity'] as const;

/** The sessions with enough clicks, ascending. */
async function longSessions(path: string): Promise<Int32Array> {
  let clicks = new Uint8Array(2 ** 16);
  await eachEvent(path, clickColumns, (session) => {
    if (session >= clicks.length) {
      const more = new Uint8Array(2 ** Math.ceil(Math.log2(session + 1)));
      more.set(clicks);
      clicks = more;
    }
    clicks[session] = Math.min(fewest, clicks[session]! + 1);
  });
  const long = new Int32Array(clicks.reduce((count, n) => count + (n === fewest ? 1 : 0), 0));
  let count = 0;
  for (const [session, n] of clicks.entries()) if (n === fewest) long[count++] = session;
  if (count > 0) return long;
  throw new LeaError('E_DATA_EMPTY', `${path} has no session of at least ${fewest} clicks.`, {
    hint: 'Check that the download is complete.',
  });
}

function draw(sessions: Int32Array, { sessions: count, seed }: YoochooseOptions): ReadonlySet<number> {
  const order = permutation(fold(key(seed), 'loadYoochoose'), sessions.length);
  return new Set(Array.from(order.subarray(0, count), (at) => sessions[at]!));
}

/** Reads a file without a header, row by row. */
async function eachEvent(
  path: string,
  header: readonly string[],
  take: (session: number, time: string, item: string) => void,
): Promise<void> {
  await eachRow(path, parseOptions('loadYoochoose', fileSchema, { header, delimiter: ',', quote: null }), {
    choose: () => [0, 1, 2],
    take: ([session, time, item], line) => {
      if (!/^\d{1,8}$/.test(session!)) {
        throw new LeaError('E_CELL_BAD', `${path} line ${line}: a session must be a whole number below 10^8.`, {
          value: session,
          hint: 'Check that the download is complete.',
        });
      }
      take(Number(session), time!, item!);
    },
  });
}
