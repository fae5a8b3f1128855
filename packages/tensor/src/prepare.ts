import { checkObjects } from '@lea/core';
import { compile } from './compile.ts';
import { interpret } from './interpret.ts';
import type { Mode, Program, ProgramSpecs, Runner } from './types.ts';

/** Options of `prepare`. */
export interface PrepareOptions {
  /** Run eagerly on this tfjs backend (`cpu`, `wasm`, ...) instead of compiled: slower, without native code. Default: compiled. */
  readonly backend?: string | undefined;
  /** Threads of a compiled program; see `compile`. */
  readonly threads?: number | undefined;
  /** Whether idle threads of a compiled program busy-wait; see `compile`. */
  readonly spinning?: boolean | undefined;
  /** Steps per run, see `Mode`. Default: `loop`. */
  readonly mode?: Mode | undefined;
}

/**
 * Makes a program ready to run: compiled, or eager when a backend is named.
 *
 * @throws LeaError of `compile` and `interpret`
 */
export async function prepare(program: Program, specs: ProgramSpecs, options: PrepareOptions = {}): Promise<Runner> {
  checkObjects('prepare', { options });
  const { backend, threads, spinning, mode = 'loop' } = options;
  return backend === undefined
    ? compile(program, specs, { threads, spinning, mode })
    : interpret(program, specs, { backend, mode });
}
