import { prepare, specsOf } from '@lea/tensor';
import type { Plan } from '../options.ts';
import { phaseOf } from '../progress.ts';
import type { RunState } from '../run-state.ts';
import { slice, stretches } from './batches.ts';
import { frozenFor, inputSpecs } from './feeds.ts';
import { checkHealth } from './health.ts';
import { trainingProgram } from './program.ts';
import { carried, copyDue, renewCopy } from './state.ts';
import type { Steps } from './steps.ts';
import { tally } from './steps.ts';
import { narrowed, perWidth } from './widths.ts';

/** Steps on the whole tables of one network: one call of the runtime does many steps and keeps the weights inside. */
export async function denseSteps(plan: Plan, run: RunState): Promise<Steps> {
  const phase = phaseOf(plan, run);
  const { phaseStart } = run.progress;
  const state = specsOf(carried(plan, run.networks[0]!));
  const frozen = specsOf(frozenFor(plan, run.networks, 0));
  const programs = perWidth(async (width) => {
    const inputs = inputSpecs(plan, width);
    const specs = { state, inputs, frozen };
    return { inputs, runner: await prepare(trainingProgram(plan.agent, phase), specs, { ...plan, mode: 'loop' }) };
  });
  const { memoryBytes } = (await programs.at(plan.window)).runner.info;

  return {
    async advance(from, chunk) {
      let network = from.networks[0]!;
      const sums = tally(from);
      const goesOn = (a: number, b: number) =>
        chunk.widths[a] === chunk.widths[b] && !copyDue(plan, chunk.from + b - phaseStart);
      for (const [begin, end] of stretches(chunk, goesOn)) {
        const { runner, inputs } = await programs.at(chunk.widths[begin]!);
        const { state, outputs } = await runner.run({
          state: carried(plan, network),
          inputs: narrowed(slice(chunk.inputs, begin, end), inputs),
          frozen: frozenFor(plan, [network], 0),
          steps: end - begin,
        });
        checkHealth(outputs, chunk.from + begin, phase, plan);
        network = { ...network, ...state };
        if (copyDue(plan, chunk.from + end - phaseStart)) renewCopy(network);
        sums.add(outputs);
      }
      return sums.close([network]);
    },
    settled: (from) => from,
    memoryBytes,
    async dispose() {
      for (const { runner } of await programs.all()) await runner.dispose();
    },
  };
}
