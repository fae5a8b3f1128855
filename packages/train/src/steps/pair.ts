import { pick, preparePair, specsOf } from '@lea/tensor';
import type { Plan } from '../options.ts';
import { phaseOf } from '../progress.ts';
import type { RunState } from '../run-state.ts';
import { slice, stretches } from './batches.ts';
import { frozenOfSteps, inputSpecs } from './feeds.ts';
import { checkHealth } from './health.ts';
import { trainingProgram } from './program.ts';
import { type Steps, tally } from './steps.ts';
import { narrowed, perWidth } from './widths.ts';

/** Steps on the whole tables of two networks that take turns by the flip of a coin. Each is the target of the other one. */
export async function pairSteps(plan: Plan, run: RunState): Promise<Steps> {
  const phase = phaseOf(plan, run);
  const frozen = frozenOfSteps(plan);
  const params = Object.keys(pick('params/', run.networks[0]!));
  // The other network is the target.
  const pair = {
    state: specsOf(run.networks[0]!),
    frozen: specsOf(frozen),
    partner: Object.fromEntries(params.map((name) => [`target/${name}`, `params/${name}`])),
  };
  const programs = perWidth(async (width) => {
    const inputs = inputSpecs(plan, width);
    return { inputs, runner: await preparePair(trainingProgram(plan.agent, phase), { ...pair, inputs }, plan) };
  });
  const { memoryBytes } = (await programs.at(plan.window)).runner.info;

  return {
    async advance(from, chunk) {
      let [first, second] = from.networks as [RunState['networks'][0], RunState['networks'][0]];
      const sums = tally(from);
      for (const [begin, end] of stretches(chunk, (a, b) => chunk.widths[a] === chunk.widths[b])) {
        const { runner, inputs } = await programs.at(chunk.widths[begin]!);
        const { states, outputs } = await runner.run({
          states: [first, second],
          turns: chunk.trained.subarray(begin, end),
          inputs: narrowed(slice(chunk.inputs, begin, end), inputs),
          frozen,
        });
        checkHealth(outputs, chunk.from + begin, phase, plan);
        [first, second] = states;
        sums.add(outputs);
      }
      return sums.close([first, second]);
    },
    settled: (from) => from,
    memoryBytes,
    async dispose() {
      for (const { runner } of await programs.all()) await runner.dispose();
    },
  };
}
