import type { Agent } from '@lea/agents';
import { key } from '@lea/core';
import { adam, compile, prefixed, type Specs, specsOf, type Value, type Values, writeSafetensors } from '@lea/tensor';
import { trainingProgram } from '@lea/train';
import { randomInputs } from './inputs.ts';
import type { Rounds, StepSettings } from './settings.ts';

/**
 * Prepares the compiled step over whole item tables, with many steps per call, on random data. Writes weights and batches for a
 * peer if `start` is given.
 */
export async function stackedSteps(agent: Agent, settings: StepSettings): Promise<Rounds> {
  const { items, batch, window, threads, steps } = settings;
  const phase = agent.phases.at(-1)!;
  const params = agent.init(key(0), { items, window });
  const other = agent.target === 'none' ? {} : prefixed('target/', agent.init(key(1), { items, window }));
  let state: Values = {
    ...prefixed('params/', params),
    ...prefixed('slots/', adam(phase.optimizer).init(params)),
    ...(agent.target === 'polyak' && other),
  };
  const statistic: Value = { dtype: 'float32', shape: [items], data: new Float32Array(items).fill(-Math.log(items)) };
  const frozen: Values = {
    ...(agent.target !== 'polyak' && other),
    ...Object.fromEntries(agent.frozen.map((name) => [name, statistic])),
  };
  const { negatives } = settings.agent;
  const fed: Specs =
    settings.fedNegatives && typeof negatives === 'number'
      ? { negatives: { dtype: 'int32', shape: [batch, negatives] } }
      : {};
  const specs: Specs = { ...agent.inputs(batch, window), ...fed, key: { dtype: 'int32', shape: [2] } };
  const inputs = randomInputs(specs, { items, window, steps });
  if (settings.start) {
    await writeSafetensors(settings.start, {
      ...prefixed('params/', params),
      ...other,
      ...prefixed('inputs/', inputs),
    });
  }
  const runner = await compile(
    trainingProgram(agent, phase),
    { state: specsOf(state), inputs: specs, frozen: specsOf(frozen) },
    // PyTorch's idle threads spin as well.
    { threads, spinning: true },
  );
  return {
    async round() {
      const result = await runner.run({ state, inputs, frozen, steps });
      state = result.state;
      return [...result.outputs.loss!.data];
    },
    end: () => runner.dispose(),
  };
}
