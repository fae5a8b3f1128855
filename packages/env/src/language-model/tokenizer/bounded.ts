import { Script } from 'node:vm';

/** What {@link bounded} runs: V8 can only be stopped within a script. */
const slot = Symbol.for('lea.bounded');
const script = new Script(`globalThis[Symbol.for('lea.bounded')]()`);

/**
 * Runs a function, stopped when it takes too long: patterns of others may take ages on some texts, and nothing else stops
 * them.
 *
 * @param timeout milliseconds
 * @throws what it throws; Error with code `ERR_SCRIPT_EXECUTION_TIMEOUT`
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
