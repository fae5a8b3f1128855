import { LeaError } from '@lea/core';

/**
 * Runs a check. A loss that reads an unlisted tensor breaks every check that calls it, so the first one fails with the message,
 * and the others are skipped.
 *
 * @param told messages of this kind so far
 * @param skip ends the test as skipped
 */
export async function tellOnce(
  check: () => void | Promise<void>,
  told: Set<string>,
  skip: (note: string) => void,
): Promise<void> {
  try {
    await check();
  } catch (error) {
    if (!(error instanceof LeaError && error.code === 'E_BATCH_TENSOR')) throw error;
    if (told.has(error.message))
      return skip('The loss reads a tensor that inputs does not list: see the first failure.');
    told.add(error.message);
    throw error;
  }
}
