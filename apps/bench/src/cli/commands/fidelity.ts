import { type CommandDef, defineCommand } from 'citty';
import { loadExperiment } from '../../config/load.ts';
import { flagsOf } from '../../fidelity/flags.ts';
import { subjectLine, writeFidelity } from '../../fidelity/report.ts';
import { runFidelity } from '../../fidelity/run.ts';
import { mainTable, shareTables } from '../../fidelity/table.ts';
import { renderTable } from '../../report/table.ts';
import { checkFlags, folderOf, threadsArg } from '../../terminal/flags.ts';
import { folded } from '../../terminal/folded.ts';
import { interruptible } from '../../terminal/interrupt.ts';
import { printable, printableJson } from '../../terminal/printable.ts';
import { reportPath } from '../../terminal/report-path.ts';
import { invocation, typed } from '../../terminal/typed.ts';
import { withThreads } from '../experiment-args.ts';

const args = {
  experiment: {
    type: 'positional',
    description: 'A preset (quick, industrial, lastfm) or a JSON config file with data, split and environments',
    default: 'quick',
  },
  data: { type: 'string', description: 'Folder that holds the data files', valueHint: 'DIR' },
  runs: {
    type: 'string',
    description: 'Folder where environments and measurements are saved and reused',
    valueHint: 'DIR',
    default: 'runs',
  },
  'item-input': {
    type: 'string',
    description:
      'Environments to measure by item input, comma-separated: id+text, text (default: both; tier decoder: id+text)',
    valueHint: 'INPUTS',
  },
  tier: {
    type: 'string',
    description: 'Source of item tokens, instead of that in the config: catalog, encoder, decoder',
    valueHint: 'TIER',
  },
  model: {
    type: 'string',
    description: 'Model for tier encoder (feature extraction) or decoder (a folder, a GGUF file or a name on the hub)',
    valueHint: 'DIR',
  },
  users: {
    type: 'string',
    description:
      'Shares of the train users that environments and controls know, comma-separated (default: that in the config, or all)',
    valueHint: 'SHARES',
  },
  controls: {
    type: 'string',
    description:
      'Controls to measure: all, none, or of counting, id-only, random-tokens and shuffled-texts, comma-separated (default: all; tier decoder: counting)',
    valueHint: 'CONTROLS',
  },
  'zero-shot': {
    type: 'string',
    description: 'Decisions on which tier decoder measures the language model without a fit (default: 100; 0: none)',
    valueHint: 'N',
  },
  seed: { type: 'string', description: 'Seed of tokens, users and environments', valueHint: 'N' },
  ...threadsArg,
  report: { type: 'string', description: 'File for the report', valueHint: 'FILE', default: 'fidelity.html' },
  json: { type: 'boolean', description: 'Write only JSON to standard output, one line per subject' },
} as const;

const command: CommandDef<typeof args> = defineCommand({
  meta: {
    name: 'fidelity',
    description: 'Measure how well environments and controls agree with held-out users, and write a report',
  },
  args,
  async run({ args: given, rawArgs }) {
    checkFlags('fidelity', rawArgs, args);
    const path = reportPath(given.report, given.experiment);
    const flags = flagsOf(given);
    const loaded = withThreads(await loadExperiment(given.experiment), given.threads);
    await interruptible(typed([...invocation, 'fidelity', ...rawArgs]), async (signal) => {
      const outcome = await runFidelity(loaded, flags, {
        data: given.data,
        runs: folderOf('runs', given.runs),
        out: process.stderr,
        signal,
        onMeasured: (measured) => given.json && process.stdout.write(`${printableJson(subjectLine(measured))}\n`),
      });
      const out = given.json ? process.stderr : process.stdout;
      const tables = [...shareTables(outcome.all), mainTable(outcome.largest)];
      out.write(`\n${tables.map(renderTable).join('\n\n')}\n\n${folded(outcome.sentences, out)}\n`);
      const json = await writeFidelity(path, outcome);
      out.write(`\nReport: ${printable(path)}\nNumbers: ${printable(json)}\n`);
    });
  },
});

export default command;
