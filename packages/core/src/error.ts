/** Where the way out of an error is told, and what was wrong. */
export interface LeaErrorDetails {
  /** The offending value; shown shortened in the message. */
  readonly value?: unknown;
  /** What to do about it: one sentence. */
  readonly hint?: string;
  /** The error beneath, when there is one. */
  readonly cause?: unknown;
}

/**
 * The one error type of all @lea packages.
 *
 * The message holds what was wrong, the offending value and the way out; `code` is stable and meant for programs
 * (`E_OPTION_UNKNOWN`, `E_FILE_MISSING`, ...).
 */
export class LeaError extends Error {
  override readonly name = 'LeaError';
  readonly code: string;
  readonly value: unknown;
  readonly hint: string | undefined;

  constructor(code: string, what: string, details: LeaErrorDetails = {}) {
    const shown = 'value' in details ? ` Got ${show(details.value)}.` : '';
    const hint = details.hint ? ` ${details.hint}` : '';
    super(`${what}${shown}${hint}`, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.value = details.value;
    this.hint = details.hint;
  }
}

/** A value in at most 120 characters, for messages. */
export function show(value: unknown): string {
  if (value === undefined) return 'undefined';
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'number' || value === null) return String(value);
  const text = textOf(value);
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
}

/** JSON, or what else can be had: circular and very deep values have none, and `toString` may be anything. */
function textOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    try {
      return String(value);
    } catch {
      return `[${typeof value}]`;
    }
  }
}
