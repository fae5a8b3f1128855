import { prepareFit, ready, stack, trainingState } from '@lea/env/measuring';
import { prefixed, specsOf, writeSafetensors } from '@lea/tensor';
import type { Rounds } from '../settings.ts';
import { fitOptions } from './fit-options.ts';
import type { EnvSettings } from './settings.ts';

/** Prepares the step of `fitEnvironment` with LoRA, on histories that fill every position. */
export async function loraRounds(settings: EnvSettings): Promise<Rounds> {
  const { threads, steps, start, spinning } = settings;
  const { data, weights, step } = await prepareFit(fitOptions(settings));
  const { trained, frozen, constants } = weights;
  const batches = data.batchesOf(0);
  const inputs = stack(batches);
  if (start) {
    const { key: _, ...read } = inputs; // The key is that of dropout.
    const given = { ...prefixed('params/', trained), ...prefixed('inputs/', read) };
    await writeSafetensors(start, { ...given, ...prefixed('frozen/', { ...frozen, ...constants }) });
  }
  let state = trainingState(trained, step.optimizer);
  const specs = { state: specsOf(state), inputs: specsOf(batches[0]!), frozen: specsOf(frozen), constants };
  const runner = await ready(step.program, specs, { threads, backend: undefined, spinning });
  return {
    async round() {
      const result = await runner.run({ state, inputs, frozen, steps });
      state = result.state;
      return [...result.outputs.loss!.data];
    },
    end: () => runner.dispose(),
  };
}
