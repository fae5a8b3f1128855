import { type CommandDef, defineCommand } from 'citty';
import { jsonLine } from '../../experiment/record.ts';
import { runExperiment } from '../../jobs/run.ts';
import { checkFlags, wholeOf } from '../../terminal/flags.ts';
import { interruptible } from '../../terminal/interrupt.ts';
import { printable, printableJson } from '../../terminal/printable.ts';
import { invocation, typed } from '../../terminal/typed.ts';
import { experimentArgs, givenExperiment, outcomeArgs, planOptions, workWords } from '../experiment-args.ts';
import { tellOutcome } from '../outcome.ts';

const args = {
  ...experimentArgs,
  ...outcomeArgs,
  jobs: {
    type: 'string',
    description: 'Work in child processes, so many at a time, as far as their threads fit on the cores',
    valueHint: 'N',
  },
} as const;

const command: CommandDef<typeof args> = defineCommand({
  meta: {
    name: 'run',
    description: 'Run an experiment and write a report: baselines, and recommenders with and without an environment',
  },
  args,
  async run({ args: given, rawArgs }) {
    checkFlags('run', rawArgs, args);
    const size = given.jobs === undefined ? undefined : wholeOf('jobs', given.jobs);
    const loaded = await givenExperiment(given);
    const command = typed([...invocation, 'run', ...rawArgs]);
    await interruptible(command, async (signal) => {
      const outcome = await runExperiment(loaded, {
        ...planOptions(given, signal),
        onFinished: (run) => given.json && process.stdout.write(`${printableJson(jsonLine(run))}\n`),
        pool: size === undefined ? undefined : { size, wordsOf: ({ id }) => workWords(id, given) },
      });
      const { runs, missing, failures } = outcome;
      const out = given.json ? process.stderr : process.stdout;
      if (runs.length > 0 || missing.length === 0) await tellOutcome(outcome, given.report, command, out);
      for (const { job, reason } of failures) process.stderr.write(`Failed: ${printable(`${job.id}: ${reason}`)}\n`);
      if (failures.length > 0) process.exitCode = 1;
    });
  },
});

export default command;
