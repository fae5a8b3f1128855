import { LeaError } from '@lea/core';

/** The error of a failed check: what is wrong, the offending value, and how to fix it. */
export function violation(what: string, hint: string, value?: unknown): LeaError {
  return new LeaError('E_CONFORMANCE', what, { hint, ...(value !== undefined && { value }) });
}
