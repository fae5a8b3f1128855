import { flag, type OptionsSchema, option, text, whole } from '@lea/core';
import { compile, interpret, type Mode, type Program, type ProgramSpecs, type Runner } from '@lea/tensor';

/** How programs are run. */
export interface Runtime {
  /** Threads of compiled programs (default: all cores, at most 2). */
  readonly threads: number | undefined;
  /** Run eagerly on this tfjs backend (`cpu`, `wasm`, `tensorflow`) instead of compiled: slower, needs no native code. */
  readonly backend: string | undefined;
}

/** How training programs are run. */
export interface TrainingRuntime extends Runtime {
  /**
   * Whether idle threads of compiled programs wait actively (default false: they sleep). true: faster alone on the cores,
   * the more so the smaller the model (up to 20 %), much slower where other work needs them.
   */
  readonly spinning: boolean;
}

export const runtimeSchema: OptionsSchema<Runtime> = {
  threads: option(whole(1), undefined),
  backend: option(text, undefined),
};

/** Fits last for minutes, often beside other work: threads sleep when idle. */
export const trainingRuntimeSchema: OptionsSchema<TrainingRuntime> = {
  ...runtimeSchema,
  spinning: option(flag, false),
};

/** Makes a program ready: compiled, or eager where a backend is named. */
export function ready(
  program: Program,
  specs: ProgramSpecs,
  { threads, backend, spinning = false }: Runtime & Partial<TrainingRuntime>,
  mode: Mode = 'loop',
): Promise<Runner> {
  return backend === undefined
    ? compile(program, specs, { threads, mode, spinning })
    : interpret(program, specs, { backend, mode });
}
