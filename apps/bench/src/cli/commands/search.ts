import { LeaError } from '@lea/core';
import { type CommandDef, defineCommand } from 'citty';
import { renderTable } from '../../report/table.ts';
import { bestPath, writeBest } from '../../search/best.ts';
import { runSearch } from '../../search/run.ts';
import { searchTable } from '../../search/table.ts';
import { trialsPath } from '../../search/trials.ts';
import { checkFlags } from '../../terminal/flags.ts';
import { interruptible } from '../../terminal/interrupt.ts';
import { printable, printableJson } from '../../terminal/printable.ts';
import { invocation, typed } from '../../terminal/typed.ts';
import { writeUnlessSame } from '../../terminal/unchanged.ts';
import { crewOf } from '../crew.ts';
import { experimentArgs, givenExperiment, jobsArg, planOptions, queueArgs, runWords } from '../experiment-args.ts';

const args = {
  ...experimentArgs,
  experiment: { type: 'positional', description: 'A JSON config file with "search"', required: true },
  ...jobsArg,
  ...queueArgs,
  out: {
    type: 'string',
    description: 'Config with the best settings, in the folder of the given one (default: NAME.best.json)',
    valueHint: 'FILE',
  },
  json: { type: 'boolean', description: 'Write only JSON to standard output, one line per trial and rung' },
} as const;

const command: CommandDef<typeof args> = defineCommand({
  meta: {
    name: 'search',
    description: 'Tune the options of runs on validation, with as many trials for each, and write the best config',
  },
  args,
  async run({ args: given, rawArgs }) {
    checkFlags('search', rawArgs, args);
    const loaded = await givenExperiment(given);
    const crew = crewOf({ ...given, search: true }, loaded);
    const out = given.json ? process.stderr : process.stdout;
    await interruptible(typed([...invocation, 'search', ...rawArgs]), async (signal) => {
      const path = bestPath(given.out, loaded);
      const found = await runSearch(loaded, {
        ...planOptions(given, signal),
        crew,
      });
      const { planned, methods, records, missing, failures } = found;
      const lines = records.map((record) => `${printableJson(record)}\n`).join('');
      if (given.json) process.stdout.write(lines);
      out.write(`\n${renderTable(searchTable(found, loaded.experiment.runs))}\n\n`);
      for (const { job, reason } of failures) process.stderr.write(`Failed: ${printable(`${job.id}: ${reason}`)}\n`);
      for (const { id } of missing) process.stderr.write(`Not finished: ${printable(id)}\n`);
      await writeTrials(trialsPath(planned), lines, out);
      const diverged = methods.filter(({ isFinished, best }) => isFinished && !best);
      if (missing.length > 0 || diverged.length === methods.length) {
        const why = missing.length > 0 ? 'trials are missing' : 'all trials diverged';
        process.stderr.write(`No best config is written, because ${why}.\n`);
        process.exitCode = 1;
        return;
      }
      await writeBest(path, loaded, found);
      const measure = typed([...invocation, ...runWords(path, given)]);
      out.write(`Best config: ${printable(path)}\nTo measure it on test: ${measure}\n`);
      for (const { name } of diverged) {
        process.stderr.write(`All trials of ${printable(name)} diverged: the best config has its own options.\n`);
        process.exitCode = 1;
      }
    });
  },
});

export default command;

/** Keeps the trials beside their folders. A folder that is read-only goes without, as it does without a copy of the report. */
async function writeTrials(path: string, lines: string, out: NodeJS.WriteStream): Promise<void> {
  try {
    await writeUnlessSame(path, lines);
    out.write(`Trials: ${printable(path)}\n`);
  } catch (error) {
    if (!(error instanceof LeaError) || error.code !== 'E_FILE_WRITE') throw error;
    process.stderr.write(`Not written: ${printable(path)}, because its folder cannot be written to.\n`);
  }
}
