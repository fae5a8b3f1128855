import { checkNumbers, LeaError } from '@lea/core';

/**
 * Refuses lists that hold NaN or Infinity: every comparison with NaN is false, so a test would find the rarest of results.
 *
 * @param hint where such a value comes from, or the way out
 * @throws LeaError `E_ARGUMENT_TYPE`
 */
export function checkFinite(
  where: string,
  given: Readonly<Record<string, ArrayLike<number>>>,
  hint = 'Leave out what has no value.',
): void {
  checkNumbers(where, given);
  for (const [name, values] of Object.entries(given)) {
    for (let i = 0; i < values.length; i++) {
      if (Number.isFinite(values[i])) continue;
      const what = `${where}: ${name}[${i}] must be a finite number.`;
      throw new LeaError('E_ARGUMENT_TYPE', what, { value: values[i], hint });
    }
  }
}

/**
 * Refuses values that are not finite, or of which not every one has a user.
 *
 * @throws LeaError `E_ARGUMENT_TYPE`, `E_LENGTHS_DIFFER`
 */
export function checkUserValues(where: string, values: ArrayLike<number>, user: ArrayLike<number>): void {
  checkNumbers(where, { values, user });
  if (values.length !== user.length) {
    const what = `${where}: expected one user per value, got ${values.length} values and ${user.length} users.`;
    throw new LeaError('E_LENGTHS_DIFFER', what, { value: [values.length, user.length] });
  }
  checkFinite(where, { values }, 'Leave out the entries of both lists that have no value.');
}
