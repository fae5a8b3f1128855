/** The parts of an error besides its code and its sentence. */
export interface LeaErrorDetails {
  /** The offending value; shown shortened in the message. */
  readonly value?: unknown;
  /** The value in words. Default: its JSON, which says little of large objects. */
  readonly got?: string;
  /** The way out, in one sentence. */
  readonly hint?: string;
  /** The underlying error, if there is one. */
  readonly cause?: unknown;
}

/**
 * The one error type of all @lea packages.
 *
 * The message says what was wrong, shows the offending value and tells what to do. `code` is stable and meant for programs
 * (`E_OPTION_UNKNOWN`, `E_FILE_MISSING`, ...).
 */
export class LeaError extends Error {
  /** Always `LeaError`. */
  override readonly name = 'LeaError';
  /** Stable code that starts with `E_`, for programs. */
  readonly code: string;
  /** The offending value, in full. */
  readonly value: unknown;
  /** The way out. */
  readonly hint: string | undefined;

  constructor(code: string, what: string, details: LeaErrorDetails = {}) {
    const shown = 'value' in details ? ` Got ${details.got ?? show(details.value)}.` : '';
    const hint = details.hint ? ` ${details.hint}` : '';
    super(`${sentence(what)}${shown}${hint}`, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.value = details.value;
    this.hint = details.hint;
  }
}

/** The messages of other software that ours quote often end without a stop, and more sentences may follow. */
function sentence(what: string): string {
  const text = what.trimEnd();
  return /[.!?:]["')\]]*$/.test(text) ? text : `${text}.`;
}

/** Formats a value in at most 120 characters, for messages. */
export function show(value: unknown): string {
  if (value === undefined) return 'undefined';
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'number' || value === null) return String(value);
  if (typeof value === 'function') return value.name ? `the function ${value.name}` : 'a function';
  if (isThenable(value)) return 'a promise';
  const text = textOf(value);
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
}

/** JSON if possible. Circular and very deep values have no JSON, and `toString` may throw as well. */
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

/** True for promises and tasks. */
export function isThenable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
