import { compile, interpret, type Mode, type Program, type ProgramSpecs, type Runner } from '@lea/tensor';
import type { Plan } from './options.ts';

/** Makes a program ready where the plan wants it to run: compiled, or eagerly on a tfjs backend. */
export function prepare(plan: Plan, program: Program, specs: ProgramSpecs, mode: Mode): Promise<Runner> {
  const { backend, threads, spinning } = plan;
  if (backend !== undefined) return interpret(program, specs, { backend, mode });
  return compile(program, specs, { mode, spinning, ...(threads !== undefined && { threads }) });
}
