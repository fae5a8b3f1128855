import { LeaError } from '@lea/core';
import { removeRemains } from '@lea/core/node';
import { lockFolder } from './lock.ts';

/**
 * Works in the folder of an experiment while no other bench does, after removing temporary files of interrupted writes. If
 * there is nothing to create, other processes may use the folder and it need not be writable.
 *
 * @throws LeaError `E_RUNS_BUSY`
 */
export async function alone<T>(folder: string, isFinished: boolean, work: () => Promise<T>): Promise<T> {
  const lock = await lockFolder(folder);
  if (lock.state === 'busy' && !isFinished) {
    throw new LeaError('E_RUNS_BUSY', 'Another bench process is using this folder.', {
      value: folder,
      hint: 'Wait until it ends, or set a different folder with --runs.',
    });
  }
  try {
    if (lock.state === 'held') await removeRemains(folder);
    return await work();
  } finally {
    lock.release();
  }
}
