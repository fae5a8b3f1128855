import { LeaError } from '@lea/core';

export { checkChoices, checkRanges } from '@lea/core';

/**
 * Checks for a non-empty list of whole numbers of at least 1.
 *
 * @throws LeaError `E_OPTION_VALUE`
 */
export function checkCounts(where: string, name: string, values: readonly number[]): void {
  const isCount = (value: unknown) => Number.isInteger(value) && (value as number) >= 1;
  if (Array.isArray(values) && values.length > 0 && values.every(isCount)) return;
  throw new LeaError('E_OPTION_VALUE', `${where}: ${name} must be a list of whole numbers of at least 1.`, {
    value: values,
  });
}
