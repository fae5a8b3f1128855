import { resolve } from 'node:path';
import { type CommandDef, defineCommand } from 'citty';
import { loadExperiment } from '../../config/load.ts';
import { validationMetric } from '../../config/metrics.ts';
import { runExperiment } from '../../experiment/experiment.ts';
import { jsonLine } from '../../experiment/record.ts';
import { conclusions } from '../../report/conclusions.ts';
import { servedName } from '../../report/groups.ts';
import { writeReport } from '../../report/report.ts';
import { renderTable, resultTable, SHORT } from '../../report/table.ts';
import { checkFlags, seedsOf } from '../../terminal/flags.ts';
import { folded } from '../../terminal/folded.ts';
import { interruptible } from '../../terminal/interrupt.ts';
import { printable, printableJson } from '../../terminal/printable.ts';
import { invocation, typed } from '../../terminal/typed.ts';

const args = {
  experiment: {
    type: 'positional',
    description: 'A preset (quick, industrial, lastfm, retailrocket) or a JSON config file',
    default: 'quick',
  },
  data: { type: 'string', description: 'Folder that holds the data files', valueHint: 'DIR' },
  runs: {
    type: 'string',
    description: 'Folder where runs are saved and reused',
    valueHint: 'DIR',
    default: 'runs',
  },
  seed: {
    type: 'string',
    description: 'Seeds of the models, instead of those in the config: 1, or 0,1,2 for means',
    valueHint: 'N',
  },
  report: { type: 'string', description: 'File for the report', valueHint: 'FILE', default: 'report.html' },
  json: { type: 'boolean', description: 'Write only JSON to standard output, one line per finished run' },
} as const;

const command: CommandDef<typeof args> = defineCommand({
  meta: {
    name: 'run',
    description: 'Run an experiment and write a report: baselines, and recommenders with and without an environment',
  },
  args,
  async run({ args: given, rawArgs }) {
    checkFlags('run', rawArgs, args);
    const seeds = given.seed === undefined ? undefined : seedsOf(given.seed);
    const loaded = await loadExperiment(given.experiment);
    const experiment = seeds ? { ...loaded.experiment, seeds } : loaded.experiment;
    const command = typed([...invocation, 'run', ...rawArgs]);
    await interruptible(command, async (signal) => {
      const outcome = await runExperiment(
        { ...loaded, experiment },
        {
          data: given.data,
          runs: resolve(given.runs),
          out: process.stderr,
          signal,
          onFinished: (run) => given.json && process.stdout.write(`${printableJson(jsonLine(run))}\n`),
        },
      );
      const sentences = conclusions(outcome.runs, experiment.runs, outcome.agreements);
      const out = given.json ? process.stderr : process.stdout;
      const served = servedName(outcome.runs, experiment.runs);
      const chosenBy = validationMetric(experiment.runs);
      out.write(
        `\n${renderTable(resultTable(outcome.runs, { served, chosenBy, metrics: [...SHORT, ...(experiment.metrics ?? [])] }))}\n\n${folded(sentences, out)}\n`,
      );
      const path = resolve(given.report);
      await writeReport(path, outcome, sentences, command);
      out.write(`\nReport: ${printable(path)}\n`);
    });
  },
});

export default command;
