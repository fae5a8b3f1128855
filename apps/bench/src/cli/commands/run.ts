import { type CommandDef, defineCommand } from 'citty';
import { jsonLine } from '../../experiment/record.ts';
import { isFinished } from '../../jobs/graph.ts';
import { runExperiment } from '../../jobs/run.ts';
import { offPolicyOf } from '../../report/off-policy.ts';
import { checkFlags } from '../../terminal/flags.ts';
import { interruptible } from '../../terminal/interrupt.ts';
import { printable, printableJson } from '../../terminal/printable.ts';
import { reportPath } from '../../terminal/report-path.ts';
import { invocation, typed } from '../../terminal/typed.ts';
import { crewOf } from '../crew.ts';
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
    const report = reportPath(given.report, given.experiment);
    const loaded = await givenExperiment(given);
    const crew = crewOf(given, loaded);
    const command = typed([...invocation, 'run', ...rawArgs]);
    await interruptible(command, async (signal) => {
      const outcome = await runExperiment(loaded, {
        ...planOptions(given, signal),
        onFinished: (run) => given.json && process.stdout.write(`${printableJson(jsonLine(run))}\n`),
        crew,
      });
      const { runs, missing, failures } = outcome;
      const out = given.json ? process.stderr : process.stdout;
      try {
        if (runs.length > 0 || missing.length === 0) {
          await tellOutcome(outcome, report, command, out, await offPolicyOf(outcome));
        }
      } finally {
        // Also where the report cannot be written, for instance because the disk is full.
        for (const { job, reason } of failures) {
          process.stderr.write(`Failed: ${printable(`${job.id}: ${reason}`)}\n`);
          if (!job.after.every(isFinished)) continue;
          const again = typed([...invocation, ...workWords(job.id, given)]);
          process.stderr.write(`  To repeat it, run: ${printable(again)}\n`);
        }
      }
      if (failures.length > 0) process.exitCode = 1;
    });
  },
});

export default command;
