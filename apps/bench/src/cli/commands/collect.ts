import { LeaError } from '@lea/core';
import { type CommandDef, defineCommand } from 'citty';
import { statisticsOf } from '../../data/describe.ts';
import { jsonLine } from '../../experiment/record.ts';
import { collect, finishedRuns } from '../../jobs/collect.ts';
import { planExperiment } from '../../jobs/planned.ts';
import { coverageNotes, FORMATS, formatResults, resultsOf } from '../../report/formats.ts';
import { shownMetrics } from '../../report/metric-names.ts';
import { offPolicyOf } from '../../report/off-policy.ts';
import { offPolicyNotes, withEstimates } from '../../report/off-policy-table.ts';
import { publishedNotes } from '../../report/published.ts';
import { repeatNotes } from '../../report/repeats.ts';
import { metricColumns, SHORT } from '../../report/table.ts';
import { counted } from '../../terminal/counted.ts';
import { checkFlags, choiceOf } from '../../terminal/flags.ts';
import { interruptible } from '../../terminal/interrupt.ts';
import { printable, printableJson } from '../../terminal/printable.ts';
import { reportPath } from '../../terminal/report-path.ts';
import { invocation, typed } from '../../terminal/typed.ts';
import { experimentArgs, givenExperiment, outcomeArgs, planOptions } from '../experiment-args.ts';
import { tellOutcome } from '../outcome.ts';

const args = {
  ...experimentArgs,
  ...outcomeArgs,
  format: {
    type: 'string',
    description: 'Write only a table of the test metrics to standard output: csv, latex or markdown',
    valueHint: 'FORMAT',
  },
  all: { type: 'boolean', description: 'End with an error if a run, a baseline or an estimate is not finished' },
} as const;

const command: CommandDef<typeof args> = defineCommand({
  meta: {
    name: 'collect',
    description: 'Write tables and report of the finished runs of an experiment, and name the missing ones',
  },
  args,
  async run({ args: given, rawArgs }) {
    checkFlags('collect', rawArgs, args);
    const report = reportPath(given.report, given.experiment);
    const format = given.format === undefined ? undefined : choiceOf('format', given.format, FORMATS);
    if (format && given.json) {
      throw new LeaError('E_FLAG_VALUE', 'Standard output has one form: --format or --json.', {
        hint: 'Leave one out.',
      });
    }
    const loaded = await givenExperiment(given);
    const command = typed([...invocation, 'collect', ...rawArgs]);
    await interruptible(command, async (signal) => {
      const planned = await planExperiment(loaded, planOptions(given, signal));
      const outcome = await collect(planned, await finishedRuns(planned));
      const { runs, missing, context } = outcome;
      const { published = [], seeds } = context.experiment;
      if (given.json) for (const run of runs) process.stdout.write(`${printableJson(jsonLine(run))}\n`);
      if (runs.length > 0) {
        const offPolicy = await offPolicyOf(outcome);
        if (format) {
          const columns = metricColumns(runs, shownMetrics(SHORT, context.experiment));
          const measured = resultsOf(runs, columns, published, seeds.length);
          const results = offPolicy ? withEstimates(measured, offPolicy) : measured;
          const notes = [
            `Data: ${statisticsOf(context.dataset)}.`,
            ...coverageNotes(runs, missing, seeds.length),
            ...repeatNotes(context),
            ...publishedNotes(published),
            ...(offPolicy ? offPolicyNotes(offPolicy) : []),
          ];
          process.stdout.write(formatResults(results, format, notes));
        }
        const out = given.json || format ? process.stderr : process.stdout;
        await tellOutcome(outcome, report, command, out, offPolicy);
      } else if (missing.length > 0) {
        throw new LeaError('E_RUNS_UNFINISHED', 'No run of the experiment is finished.', {
          value: planned.plan.folder,
          hint: 'Do its jobs with the commands run or work, and give the same --runs, --data and --seed.',
        });
      }
      for (const { id } of missing) process.stderr.write(`Not finished: ${printable(id)}\n`);
      if (given.all && missing.length > 0) {
        throw new LeaError(
          'E_RUNS_UNFINISHED',
          `Not all of the experiment is finished: ${counted(missing.length, 'result')} missing.`,
          {
            value: planned.plan.folder,
            hint: 'Do the jobs that are named above, or leave --all out.',
          },
        );
      }
    });
  },
});

export default command;
