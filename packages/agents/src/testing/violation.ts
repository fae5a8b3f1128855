import { LeaError } from '@lea/core';

/** What a check throws: what is wrong, what was found, how to mend it. */
export function violation(what: string, hint: string, value?: unknown): LeaError {
  return new LeaError('E_CONFORMANCE', what, { hint, ...(value !== undefined && { value }) });
}
