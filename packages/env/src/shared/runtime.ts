import { flag, type OptionsSchema, option, text, whole } from '@lea/core';
import { type Mode, type Program, type ProgramSpecs, prepare, type Runner } from '@lea/tensor';

/** How to run programs. */
export interface Runtime {
  /** Number of threads of compiled programs (default: all cores, at most 2). */
  readonly threads: number | undefined;
  /**
   * Runs programs eagerly on this tfjs backend (`cpu`, `wasm`, `tensorflow`) instead of compiling them; slower, but needs no
   * native code (default: compiled).
   */
  readonly backend: string | undefined;
}

/** How to run training programs. */
export interface TrainingRuntime extends Runtime {
  /**
   * Whether idle threads of compiled programs spin instead of sleeping (default: false). true: up to 20 % faster for small
   * models if nothing else runs on the cores, much slower otherwise.
   */
  readonly spinning: boolean;
}

/** Defaults and checks of runtime options. */
export const runtimeSchema: OptionsSchema<Runtime> = {
  threads: option(whole(1), undefined),
  backend: option(text, undefined),
};

/** The same for training. Idle threads sleep, because a fit takes minutes and often shares the machine. */
export const trainingRuntimeSchema: OptionsSchema<TrainingRuntime> = {
  ...runtimeSchema,
  spinning: option(flag, false),
};

/** Creates a runner of a program: compiled, or eager if a backend is given. */
export function ready(
  program: Program,
  specs: ProgramSpecs,
  { threads, backend, spinning = false }: Runtime & Partial<TrainingRuntime>,
  mode: Mode = 'loop',
): Promise<Runner> {
  return prepare(program, specs, { backend, threads, spinning, mode });
}
