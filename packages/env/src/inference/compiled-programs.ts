import { LeaError } from '@lea/core';
import { type Program, type Runner, specsOf, type Values } from '@lea/tensor';
import { type Runtime, ready } from '../shared/runtime.ts';

/** Programs that are compiled when they are first run. */
export interface CompiledPrograms {
  /**
   * Runs a program once.
   *
   * @param name unique for the program and the shapes of its inputs
   * @throws LeaError `E_DISPOSED`
   */
  run(name: string, program: Program, inputs: Values, frozen: Values): Promise<Values>;
  dispose(): Promise<void>;
}

/** @param owner the object whose programs these are, for the error after its disposal */
export function compiledPrograms(
  runtime: Runtime,
  owner = { what: 'The environment', hint: 'Load or fit it again.' },
): CompiledPrograms {
  const runners = new Map<string, Promise<Runner>>();
  let isDisposed = false;
  const runnerOf = (name: string, program: Program, inputs: Values, frozen: Values): Promise<Runner> => {
    if (isDisposed) throw new LeaError('E_DISPOSED', `${owner.what} has been disposed.`, { hint: owner.hint });
    let made = runners.get(name);
    if (!made) {
      made = ready(program, { inputs: specsOf(inputs), frozen: specsOf(frozen) }, runtime, 'direct');
      runners.set(name, made);
    }
    return made;
  };
  return {
    async run(name, program, inputs, frozen) {
      const runner = await runnerOf(name, program, inputs, frozen);
      return (await runner.run({ inputs, frozen })).outputs;
    },
    async dispose() {
      isDisposed = true;
      for (const made of runners.values()) await (await made).dispose();
      runners.clear();
    },
  };
}
