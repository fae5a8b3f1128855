import { LeaError } from '@lea/core';
import { removeRemains } from '@lea/core/node';
import { lockFolder } from './lock.ts';

/**
 * Works in a folder while no other bench does, after removing temporary files of interrupted writes. If there is nothing to
 * create, other processes may use the folder and it need not be writable.
 *
 * @throws LeaError `E_RUNS_BUSY`
 */
export async function alone<T>(folder: string, isFinished: boolean, work: () => Promise<T>): Promise<T> {
  const lock = await lockFolder(folder);
  if (lock.state === 'busy' && !isFinished) throw busy(folder);
  try {
    if (lock.state === 'held') await removeRemains(folder);
    return await work();
  } finally {
    lock.release();
  }
}

/**
 * Works in the folder of an experiment beside other processes that do the same, each on jobs of its own. Nobody can work there
 * {@link alone} meanwhile. The first process removes temporary files of interrupted writes.
 *
 * @throws LeaError `E_RUNS_BUSY`
 */
export async function beside<T>(folder: string, work: () => Promise<T>): Promise<T> {
  const first = await lockFolder(folder);
  if (first.state === 'held') await removeRemains(folder).finally(first.release);
  const lock = await lockFolder(folder, 'shared');
  if (lock.state === 'busy') throw busy(folder);
  try {
    return await work();
  } finally {
    lock.release();
  }
}

function busy(folder: string): LeaError {
  return new LeaError('E_RUNS_BUSY', 'Another bench process is using this folder.', {
    value: folder,
    hint: 'Wait until it ends, or set a different folder with --runs.',
  });
}
