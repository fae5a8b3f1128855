import { checkFunctions, checkObjects } from '@lea/core';
import { checkProgramSpecs } from '../arguments.ts';
import type { PrepareOptions } from '../prepare.ts';
import type { PairRunner, PairSpecs, Program } from '../types.ts';
import { compilePair } from './compile.ts';
import { interpretPair } from './interpret.ts';

/**
 * Makes a program with two networks ready to run: compiled, or eager when a backend is named. A run does many steps, each on one
 * of the networks, and keeps both inside the runtime. With `prepare`, every change of turns copies a state out and in.
 *
 * @throws LeaError of `compile` and `interpret`; `E_PROGRAM` (a partner that the state lacks)
 */
export async function preparePair(
  program: Program,
  specs: PairSpecs,
  options: Omit<PrepareOptions, 'mode'> = {},
): Promise<PairRunner> {
  checkFunctions('preparePair', { program });
  checkProgramSpecs('preparePair', { specs });
  checkObjects('preparePair', { partner: specs.partner, options });
  const { backend, threads, spinning } = options;
  return backend === undefined
    ? compilePair(program, specs, { threads, spinning })
    : interpretPair(program, specs, backend);
}
