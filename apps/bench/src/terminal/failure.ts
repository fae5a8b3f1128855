import { LeaError } from '@lea/core';
import { printable, printableLines } from './printable.ts';

/** One paragraph with the error and its hint; the stack trace is shown only if LEA_DEBUG is set. */
export function describeFailure(error: unknown, debug: boolean): string {
  if (debug && error instanceof Error) return printableLines(error.stack ?? String(error));
  if (error instanceof LeaError) return printable(`${error.code}: ${error.message.replace(/\s*\n\s*/g, ' ')}`);
  const message = error instanceof Error ? error.message : String(error);
  return `Unexpected: ${printable(message.split('\n')[0]!)} (set LEA_DEBUG=1 to see the stack trace)`;
}
