import { type CommandDef, defineCommand } from 'citty';
import { renderTable } from '../../report/table.ts';
import { writeReturns } from '../../returns/report.ts';
import { RULES, runReturns } from '../../returns/study.ts';
import { returnsTable } from '../../returns/table.ts';
import { checkFlags, wholeOf } from '../../terminal/flags.ts';
import { interruptible } from '../../terminal/interrupt.ts';
import { printable } from '../../terminal/printable.ts';
import { reportPath } from '../../terminal/report-path.ts';
import { invocation, typed } from '../../terminal/typed.ts';
import { experimentArgs, givenExperiment, planOptions } from '../experiment-args.ts';

const args = {
  ...experimentArgs,
  experiment: {
    type: 'positional',
    description: 'A JSON config file whose data set is a world with dynamics, such as configs/returns.json',
    required: true,
  },
  users: { type: 'string', description: 'Number of users who are visited', valueHint: 'N', default: '200' },
  report: { type: 'string', description: 'File for the report', valueHint: 'FILE', default: 'returns.html' },
} as const;

const command: CommandDef<typeof args> = defineCommand({
  meta: {
    name: 'returns',
    description: 'Train policies on the log of a world with known dynamics, and measure what they earn per visit',
  },
  args,
  async run({ args: given, rawArgs }) {
    checkFlags('returns', rawArgs, args);
    const path = reportPath(given.report, given.experiment);
    const users = wholeOf('users', given.users);
    const loaded = await givenExperiment(given);
    const words = typed([...invocation, 'returns', ...rawArgs]);
    await interruptible(words, async (signal) => {
      const study = await runReturns(loaded, { ...planOptions(given, signal), users });
      const out = process.stdout;
      out.write(`\n${RULES.map((rule) => renderTable(returnsTable(study, rule))).join('\n\n')}\n`);
      const json = await writeReturns(path, study, words);
      out.write(`\nReport: ${printable(path)}\nNumbers: ${printable(json)}\n`);
    });
  },
});

export default command;
