import type { Agent } from '@lea/agents';
import { fold, integers, key } from '@lea/core';
import {
  adam,
  compile,
  int32,
  type ProgramSpecs,
  prefixed,
  preparePair,
  type Specs,
  specsOf,
  type Value,
  type Values,
  writeSafetensors,
} from '@lea/tensor';
import { trainingProgram } from '@lea/train';
import { randomInputs } from './inputs.ts';
import type { Rounds, StepSettings } from './settings.ts';

/**
 * Prepares the compiled step over whole item tables, with many steps per call, on random data. Two networks take turns by the
 * flip of a coin, as in training. Writes weights, batches and turns for a peer if `start` is given.
 */
export async function stackedSteps(agent: Agent, settings: StepSettings): Promise<Rounds> {
  const { items, batch, window, threads, steps } = settings;
  const phase = agent.phases.at(-1)!;
  const params = agent.init(key(0), { items, window });
  const other = agent.target === 'none' ? {} : agent.init(key(1), { items, window });
  const target = prefixed('target/', other);
  const slots = prefixed('slots/', adam(phase.optimizer).init(params));
  const state = { ...prefixed('params/', params), ...slots, ...(agent.target === 'polyak' && target) };
  const statistic: Value = { dtype: 'float32', shape: [items], data: new Float32Array(items).fill(-Math.log(items)) };
  const statistics = Object.fromEntries(agent.frozen.map((name) => [name, statistic]));
  const { negatives } = settings.agent;
  const fed: Specs =
    settings.fedNegatives && typeof negatives === 'number'
      ? { negatives: { dtype: 'int32', shape: [batch, negatives] } }
      : {};
  const specs: Specs = { ...agent.inputs(batch, window), ...fed, key: { dtype: 'int32', shape: [2] } };
  const inputs = randomInputs(specs, { items, window, steps });
  const turns = int32(agent.networks === 2 ? integers(fold(key(1), 'turns'), steps, 2) : new Int32Array(steps));
  if (settings.start) {
    const start = { ...prefixed('params/', params), ...target, ...prefixed('inputs/', inputs) };
    await writeSafetensors(settings.start, { ...start, 'inputs/turns': turns });
  }
  const given = { program: trainingProgram(agent, phase), specs, inputs, threads };
  if (agent.networks === 2) {
    const second = { ...prefixed('params/', other), ...slots };
    return pairRounds({ ...given, frozen: statistics, states: [state, second], turns });
  }
  const frozen = { ...statistics, ...(agent.target === 'copy' && target) };
  return singleRounds({ ...given, frozen, state, steps });
}

/** What both kinds of rounds need. */
interface Given {
  readonly program: Parameters<typeof compile>[0];
  /** Of the inputs of one step. */
  readonly specs: ProgramSpecs['inputs'];
  readonly inputs: Values;
  readonly frozen: Values;
  readonly threads: number;
}

async function singleRounds(given: Given & { readonly state: Values; readonly steps: number }): Promise<Rounds> {
  const { program, inputs, frozen, steps, threads } = given;
  let { state } = given;
  const specs = { state: specsOf(state), inputs: given.specs, frozen: specsOf(frozen) };
  // PyTorch's idle threads spin as well.
  const runner = await compile(program, specs, { threads, spinning: true });
  return {
    async round() {
      const result = await runner.run({ state, inputs, frozen, steps });
      state = result.state;
      return [...result.outputs.loss!.data];
    },
    end: () => runner.dispose(),
  };
}

async function pairRounds(
  given: Given & { readonly states: readonly [Values, Values]; readonly turns: Value },
): Promise<Rounds> {
  const { program, inputs, frozen, threads } = given;
  const turns = given.turns.data;
  let { states } = given;
  const names = Object.keys(states[0]).filter((name) => name.startsWith('params/'));
  const partner = Object.fromEntries(names.map((name) => [name.replace('params/', 'target/'), name]));
  const specs = { state: specsOf(states[0]), inputs: given.specs, frozen: specsOf(frozen), partner };
  const runner = await preparePair(program, specs, { threads, spinning: true });
  return {
    async round() {
      const result = await runner.run({ states, turns, inputs, frozen });
      states = result.states;
      return [...result.outputs.loss!.data];
    },
    end: () => runner.dispose(),
  };
}
