import { LeaError } from '@lea/core';

/** One paragraph for a person: what went wrong and the way out, never a stack trace unless LEA_DEBUG is set. */
export function describeFailure(error: unknown, debug: boolean): string {
  if (debug && error instanceof Error) return error.stack ?? String(error);
  if (error instanceof LeaError) return `${error.code}: ${error.message}`;
  const message = error instanceof Error ? error.message : String(error);
  return `Unexpected: ${message.split('\n')[0]} (set LEA_DEBUG=1 to see where it comes from)`;
}
