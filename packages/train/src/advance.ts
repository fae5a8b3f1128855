import { pick, prefixed, type Runner, specsOf, type Values } from '@lea/tensor';
import { type Chunk, slice } from './batches.ts';
import type { RunState } from './checkpoint.ts';
import { checkHealth } from './health.ts';
import type { Plan } from './options.ts';
import { inputSpecs, sharedFrozen, trainingProgram } from './program.ts';
import { phaseOf } from './progress.ts';
import { prepare } from './runtime.ts';

/** Makes the training step of the run's current phase ready. */
export function preparePhase(plan: Plan, run: RunState): Promise<Runner> {
  const specs = {
    state: specsOf(run.networks[0]!),
    inputs: inputSpecs(plan),
    frozen: specsOf(frozenFor(plan, run.networks, 0)),
  };
  return prepare(plan, trainingProgram(plan.agent, phaseOf(plan, run)), specs, 'loop');
}

/** Per network, the arrays of its state before the last: the next state is written there, so steps make no garbage. */
export type Spares = Map<number, Values>;

/**
 * Does the steps of a chunk. Steps in a row that train the same network are one call, its weights staying inside.
 * The arrays of the networks of `run` belong to `spares` afterwards.
 *
 * @throws LeaError `E_TRAIN_DIVERGED`
 */
export async function advance(
  plan: Plan,
  runner: Runner,
  run: RunState,
  chunk: Chunk,
  spares: Spares,
): Promise<{ run: RunState; means: { loss: number; metrics: Record<string, number> } }> {
  const { steps, trained, inputs } = chunk;
  const networks = [...run.networks];
  const sums: Record<string, number> = {};
  let { lossSum, lossSteps } = run.progress;
  for (let begin = 0, end = 0; begin < steps; begin = end) {
    const main = trained[begin]!;
    while (end < steps && trained[end] === main) end++;
    const before = networks[main]!;
    const reuse = spares.get(main);
    const { state, outputs } = await runner.run({
      state: before,
      ...(reuse && { reuse }),
      inputs: slice(inputs, begin, end),
      frozen: frozenFor(plan, networks, main),
      steps: end - begin,
    });
    checkHealth(outputs, chunk.from + begin, phaseOf(plan, run).name, plan);
    networks[main] = state;
    spares.set(main, before);
    for (const [name, { data }] of Object.entries(outputs)) {
      for (const value of data) sums[name] = (sums[name] ?? 0) + value;
    }
    for (const value of outputs.loss!.data) lossSum += value;
    lossSteps += end - begin;
  }
  const { loss, ...metrics } = Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, sum / steps]));
  const progress = { ...run.progress, step: chunk.from + steps, lossSum, lossSteps };
  return { run: { ...run, progress, networks }, means: { loss: loss!, metrics } };
}

/** What a step reads and does not change: text vectors, and the network that is not trained, when there are two. */
function frozenFor(plan: Plan, networks: readonly Values[], main: number): Values {
  if (networks.length === 1) return sharedFrozen(plan);
  return { ...sharedFrozen(plan), ...prefixed('target/', pick('params/', networks[1 - main]!)) };
}
