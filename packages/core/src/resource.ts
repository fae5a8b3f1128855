/// <reference lib="esnext.disposable" />

import { checkFunctions } from './arguments.ts';

/**
 * Holds what the garbage collector does not see: compiled programs, sessions, a port. `await using x = ...` gives it back
 * at the end of the block (TypeScript, or Node 24), `dispose` at any time.
 */
export interface Resource extends AsyncDisposable {
  /** Gives back what the object holds; a second call does nothing. */
  dispose(): Promise<void>;
}

/** Both ways of giving back, for the object that spreads them. */
export function resource(dispose: () => Promise<void>): Resource {
  checkFunctions('resource', { dispose });
  return { dispose, [Symbol.asyncDispose]: dispose };
}
