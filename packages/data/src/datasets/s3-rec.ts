import { checkPaths, LeaError } from '@lea/core';
import { interactionsOf } from '../interactions-of.ts';
import { type EventSet, filesOf } from './dataset.ts';
import { readLineLists } from './line-lists.ts';

const source =
  'The files of S3-Rec are at github.com/RUCAIBox/CIKM2020-S3Rec, folder data: Beauty.txt, LastFM.txt, ' +
  'Sports_and_Outdoors.txt, Toys_and_Games.txt and Yelp.txt. Copy the file into the folder.';

/**
 * A data set in the format of S3-Rec (Zhou et al., CIKM 2020), which later papers share: one line per user, the user's id and
 * then the items in the order of time, separated by spaces. `Beauty.txt` has 22,363 users and 12,101 items, `LastFM.txt` 1,090
 * users and 3,646 items. Events have an order but no times, items have no texts, and all events are `click`.
 *
 * @param file name of the file in `dir`
 * @throws LeaError `E_DATA_MISSING`, `E_ROW_BAD` for a line without items, `E_ID_DUPLICATE` for a second line of a user, and the
 *   errors of the readers
 */
export async function loadS3Rec(dir: string, file: string): Promise<EventSet> {
  checkPaths('loadS3Rec', { dir, file });
  const { events } = await filesOf(dir, { events: file }, source);
  const lines = await readLineLists(events);
  const lineOf = new Map<string, number>();
  for (const [at, [user, ...items]] of lines.entries()) {
    const where = `${events} line ${at + 1}`;
    if (items.length === 0) {
      throw new LeaError('E_ROW_BAD', `${where}: expected a user and the user's items.`, {
        value: user,
        hint: 'Check that the download is complete.',
      });
    }
    if (lineOf.has(user!)) {
      throw new LeaError('E_ID_DUPLICATE', `${where}: line ${lineOf.get(user!)} has the same user.`, {
        value: user,
        hint: 'Give each user one line.',
      });
    }
    lineOf.set(user!, at + 1);
  }
  const interactions = interactionsOf({
    user: lines.flatMap(([user, ...items]) => items.map(() => user!)),
    item: lines.flatMap(([, ...items]) => items),
  });
  return { name: file.replace(/\.txt(\.gz)?$/, ''), interactions };
}
