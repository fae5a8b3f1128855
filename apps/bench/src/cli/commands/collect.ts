import { LeaError } from '@lea/core';
import { type CommandDef, defineCommand } from 'citty';
import { jsonLine } from '../../experiment/record.ts';
import { collect, finishedRuns } from '../../jobs/collect.ts';
import { planExperiment } from '../../jobs/planned.ts';
import { checkFlags } from '../../terminal/flags.ts';
import { interruptible } from '../../terminal/interrupt.ts';
import { printable, printableJson } from '../../terminal/printable.ts';
import { invocation, typed } from '../../terminal/typed.ts';
import { experimentArgs, givenExperiment, outcomeArgs, planOptions } from '../experiment-args.ts';
import { tellOutcome } from '../outcome.ts';

const args = { ...experimentArgs, ...outcomeArgs } as const;

const command: CommandDef<typeof args> = defineCommand({
  meta: {
    name: 'collect',
    description: 'Write tables and report of the finished runs of an experiment, and name the missing ones',
  },
  args,
  async run({ args: given, rawArgs }) {
    checkFlags('collect', rawArgs, args);
    const loaded = await givenExperiment(given);
    const command = typed([...invocation, 'collect', ...rawArgs]);
    await interruptible(command, async (signal) => {
      const planned = await planExperiment(loaded, planOptions(given, signal));
      const outcome = await collect(planned, await finishedRuns(planned));
      const { runs, missing } = outcome;
      if (given.json) for (const run of runs) process.stdout.write(`${printableJson(jsonLine(run))}\n`);
      if (runs.length > 0) {
        await tellOutcome(outcome, given.report, command, given.json ? process.stderr : process.stdout);
      } else if (missing.length > 0) {
        throw new LeaError('E_RUNS_UNFINISHED', 'No run of the experiment is finished.', {
          value: planned.plan.folder,
          hint: 'Do its jobs with the commands run or work, and give the same --runs, --data and --seed.',
        });
      }
      for (const { id } of missing) process.stderr.write(`Not finished: ${printable(id)}\n`);
    });
  },
});

export default command;
