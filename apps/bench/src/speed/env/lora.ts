import { prepareFit, ready, stack, trainingState } from '@lea/env/measuring';
import { prefixed, specsOf, writeSafetensors } from '@lea/tensor';
import type { Rounds } from '../settings.ts';
import { fitOptions } from './fit-options.ts';
import type { EnvSettings } from './settings.ts';

/** The step of `fitEnvironment` with LoRA, on histories that fill every position. */
export async function loraRounds(settings: EnvSettings): Promise<Rounds> {
  const { threads, steps, start, spinning } = settings;
  const { params, frozen, constants, optimizer, program, batchesOf } = await prepareFit(fitOptions(settings));
  const inputs = stack(batchesOf(0));
  if (start) {
    const { key: _, ...read } = inputs; // of dropout
    const given = { ...prefixed('params/', params), ...prefixed('inputs/', read) };
    await writeSafetensors(start, { ...given, ...prefixed('frozen/', { ...frozen, ...constants }) });
  }
  let state = trainingState(params, optimizer);
  const specs = { state: specsOf(state), inputs: specsOf(batchesOf(0)[0]!), frozen: specsOf(frozen), constants };
  const runner = await ready(program, specs, { threads, backend: undefined, spinning });
  return {
    async round() {
      const result = await runner.run({ state, inputs, frozen, steps });
      state = result.state;
      return [...result.outputs.loss!.data];
    },
    end: () => runner.dispose(),
  };
}
