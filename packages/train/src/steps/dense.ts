import { prepare, specsOf } from '@lea/tensor';
import type { Plan } from '../options.ts';
import { phaseOf } from '../progress.ts';
import type { RunState } from '../run-state.ts';
import { type Chunk, slice } from './batches.ts';
import { frozenFor, inputSpecs } from './feeds.ts';
import { checkHealth } from './health.ts';
import { trainingProgram } from './program.ts';
import { carried, copyDue, renewCopy } from './state.ts';
import type { Steps } from './steps.ts';
import { tally } from './steps.ts';
import { narrowed, perWidth } from './widths.ts';

/** Steps on whole tables: one call of the runtime does many steps and keeps the weights inside. */
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
      const networks = [...from.networks];
      const sums = tally(from);
      for (const [begin, end] of stretches(plan, chunk, phaseStart)) {
        const main = chunk.trained[begin]!;
        const { runner, inputs } = await programs.at(chunk.widths[begin]!);
        const { state, outputs } = await runner.run({
          state: carried(plan, networks[main]!),
          inputs: narrowed(slice(chunk.inputs, begin, end), inputs),
          frozen: frozenFor(plan, networks, main),
          steps: end - begin,
        });
        checkHealth(outputs, chunk.from + begin, phase, plan);
        networks[main] = { ...networks[main], ...state };
        if (copyDue(plan, chunk.from + end - phaseStart)) renewCopy(networks[main]);
        sums.add(outputs);
      }
      return sums.close(networks);
    },
    settled: (from) => from,
    memoryBytes,
    async dispose() {
      for (const { runner } of await programs.all()) await runner.dispose();
    },
  };
}

/** Consecutive steps of one width that train the same network against the same target; one call does each such range. */
function* stretches(plan: Plan, chunk: Chunk, phaseStart: number): Generator<[number, number]> {
  const { from, steps, trained, widths } = chunk;
  const isLike = (a: number, b: number) => trained[a] === trained[b] && widths[a] === widths[b];
  for (let begin = 0, end = 0; begin < steps; begin = end) {
    end = begin + 1;
    while (end < steps && isLike(end, begin) && !copyDue(plan, from + end - phaseStart)) end++;
    yield [begin, end];
  }
}
