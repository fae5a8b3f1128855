import { LeaError } from '@lea/core';
import { removeRemains } from '@lea/core/node';
import { lockFolder } from './lock.ts';

/**
 * Works in the folder of an experiment while no other bench does, and removes first what killed writes left there. Where
 * nothing is to be made, others may be at work, and the folder need not be writable.
 *
 * @throws LeaError `E_RUNS_BUSY`
 */
export async function alone<T>(folder: string, isFinished: boolean, work: () => Promise<T>): Promise<T> {
  const lock = await lockFolder(folder);
  if (lock.state === 'busy' && !isFinished) {
    throw new LeaError('E_RUNS_BUSY', 'Another bench is at work in this folder.', {
      value: folder,
      hint: 'Wait for its end, or give this one another folder with --runs.',
    });
  }
  try {
    if (lock.state === 'held') await removeRemains(folder);
    return await work();
  } finally {
    lock.release();
  }
}
