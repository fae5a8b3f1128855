import { LeaError } from '@lea/core';
import { type CommandDef, defineCommand } from 'citty';
import { jsonLine } from '../../experiment/record.ts';
import type { Crew } from '../../jobs/crew.ts';
import { isFinished } from '../../jobs/graph.ts';
import { poolCrew } from '../../jobs/pool.ts';
import { runExperiment } from '../../jobs/run.ts';
import { addressOf } from '../../queue/address.ts';
import { queueCrew } from '../../queue/producer.ts';
import type { Study } from '../../queue/task.ts';
import { checkFlags, wholeOf } from '../../terminal/flags.ts';
import { interruptible } from '../../terminal/interrupt.ts';
import { printable, printableJson } from '../../terminal/printable.ts';
import { invocation, typed } from '../../terminal/typed.ts';
import {
  experimentArgs,
  givenExperiment,
  jobsArg,
  outcomeArgs,
  planOptions,
  queueArgs,
  workWords,
} from '../experiment-args.ts';
import { tellOutcome } from '../outcome.ts';

const args = {
  ...experimentArgs,
  ...outcomeArgs,
  ...jobsArg,
  ...queueArgs,
} as const;

const command: CommandDef<typeof args> = defineCommand({
  meta: {
    name: 'run',
    description: 'Run an experiment and write a report: baselines, and recommenders with and without an environment',
  },
  args,
  async run({ args: given, rawArgs }) {
    checkFlags('run', rawArgs, args);
    const crew = crewOf(given);
    const loaded = await givenExperiment(given);
    const command = typed([...invocation, 'run', ...rawArgs]);
    await interruptible(command, async (signal) => {
      const outcome = await runExperiment(loaded, {
        ...planOptions(given, signal),
        onFinished: (run) => given.json && process.stdout.write(`${printableJson(jsonLine(run))}\n`),
        crew,
      });
      const { runs, missing, failures } = outcome;
      const out = given.json ? process.stderr : process.stdout;
      if (runs.length > 0 || missing.length === 0) await tellOutcome(outcome, given.report, command, out);
      for (const { job, reason } of failures) {
        process.stderr.write(`Failed: ${printable(`${job.id}: ${reason}`)}\n`);
        if (!job.after.every(isFinished)) continue;
        const again = typed([...invocation, ...workWords(job.id, given)]);
        process.stderr.write(`  To repeat it, run: ${printable(again)}\n`);
      }
      if (failures.length > 0) process.exitCode = 1;
    });
  },
});

export default command;

/** The processes that do the jobs, if it is not this one. A flag has precedence over LEA_QUEUE. */
function crewOf(
  given: Study & { readonly jobs?: string | undefined; readonly queue?: string | undefined },
): Crew | undefined {
  if (given.jobs !== undefined && given.queue !== undefined) {
    throw new LeaError('E_FLAG_VALUE', 'Expected --jobs or --queue, not both.', {
      hint: 'With --queue the jobs are done by processes of the command worker.',
    });
  }
  if (given.jobs !== undefined) return poolCrew(wholeOf('jobs', given.jobs), ({ id }) => workWords(id, given));
  const address = addressOf(given.queue);
  return address && queueCrew(address, given);
}
