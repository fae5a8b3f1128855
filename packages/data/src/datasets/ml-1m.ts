import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { checkPaths, LeaError } from '@lea/core';
import { interactionsOf } from '../interactions-of.ts';
import { readInteractions } from '../read/interactions.ts';
import { type EventSet, filesOf } from './dataset.ts';
import { readLineLists } from './line-lists.ts';

/** The whole data set, one line `user item` per event in the order of time. */
const WHOLE = 'ml-1m.txt';

const source =
  'The data set is MovieLens 1M of GroupLens (Harper, Konstan 2015) in the version of SASRec. Pass a folder with ' +
  `${WHOLE} of github.com/kang205/SASRec, folder data. Or copy files of github.com/asash/gSASRec-pytorch, folder ` +
  'datasets/ml1m: train/input.txt, gzipped, as train_input.txt.gz, and test/output.txt as test_output.txt.';

/**
 * MovieLens 1M in the version of SASRec (Kang, McAuley, ICDM 2018): 6,040 users and 3,416 items; every rating is a `click`.
 * Events have an order but no times.
 *
 * The file `ml-1m.txt` holds all 999,611 events. Without it the sequences come from `train_input.txt.gz` and
 * `test_output.txt`: the events of each user without the last two, then the last one. The second-last event is in neither
 * file, so histories of test decisions lack their newest event, and leave-one-out validates on an older event than the
 * published protocol. For 512 users `train_input.txt.gz` also lacks the third-last event. `info.notes` says so.
 *
 * @throws LeaError `E_DATA_MISSING`, `E_ROW_BAD` when the files have different numbers of users, and the errors of the readers
 */
export async function loadMl1m(dir: string): Promise<EventSet> {
  checkPaths('loadMl1m', { dir });
  const whole = join(dir, WHOLE);
  const isWhole = await access(whole).then(
    () => true,
    () => false,
  );
  if (isWhole) {
    const interactions = await readInteractions(whole, { header: ['user', 'item'], delimiter: ' ' });
    return { name: 'ml-1m', interactions };
  }
  const files = await filesOf(dir, { train: 'train_input.txt.gz', test: 'test_output.txt' }, source);
  const [histories, last] = [await readLineLists(files.train), await readLineLists(files.test)];
  if (histories.length !== last.length) {
    throw new LeaError('E_ROW_BAD', 'Both files must have one line per user.', {
      value: { [files.train]: histories.length, [files.test]: last.length },
      hint: 'Check that both come from the same version and that the download is complete.',
    });
  }
  const sequences = histories.map((history, user) => [...history, ...last[user]!]);
  const interactions = interactionsOf({
    user: sequences.flatMap((items, user) => items.map(() => String(user + 1))),
    item: sequences.flat(),
  });
  const note =
    `The second-last event of each user is missing, because the folder has no ${WHOLE}. ` +
    'Results are lower than with the whole data.';
  return { name: 'ml-1m', interactions: { ...interactions, info: { notes: [note, ...interactions.info.notes] } } };
}
