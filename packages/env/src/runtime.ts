import { compile, interpret, type Mode, type Program, type ProgramSpecs, type Runner } from '@lea/tensor';

/** How programs are run. */
export interface Runtime {
  /** Threads of compiled programs (default: all cores, at most 2). */
  readonly threads: number | undefined;
  /** Run eagerly on this tfjs backend (`cpu`, `wasm`, `tensorflow`) instead of compiled: slower, needs no native code. */
  readonly backend: string | undefined;
}

/** Makes a program ready: compiled, or eager where a backend is named. */
export function ready(
  program: Program,
  specs: ProgramSpecs,
  { threads, backend }: Runtime,
  mode: Mode = 'loop',
): Promise<Runner> {
  // Threads that sleep when idle: fits last for minutes, often beside other work, where spinning ones double the time.
  return backend === undefined
    ? compile(program, specs, { threads, mode, spinning: false })
    : interpret(program, specs, { backend, mode });
}
