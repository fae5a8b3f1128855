import { Script } from 'node:vm';

/** Holds the function for {@link bounded}, because V8 can interrupt only scripts. */
const slot = Symbol.for('lea.bounded');
const script = new Script(`globalThis[Symbol.for('lea.bounded')]()`);

/**
 * Runs a function with a time limit. Third-party regular expressions can take exponential time, and V8 offers no other way
 * to interrupt them.
 *
 * @param timeout milliseconds
 * @throws the function's own errors; Error with code `ERR_SCRIPT_EXECUTION_TIMEOUT`
 */
export function bounded<T>(timeout: number, work: () => T): T {
  const shared = globalThis as { [slot]?: () => T };
  shared[slot] = work;
  try {
    return script.runInThisContext({ timeout: Math.ceil(timeout) }) as T;
  } finally {
    delete shared[slot];
  }
}
