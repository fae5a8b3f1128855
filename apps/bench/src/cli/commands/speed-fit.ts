import { type CommandDef, defineCommand } from 'citty';
import { loadExperiment } from '../../config/load.ts';
import { loadDataset } from '../../data/load.ts';
import { type FitMeasurement, measureFit } from '../../speed/fit/measure.ts';
import { checkFlags, choiceOf, seedOf, threadsOf, wholeOf } from '../../terminal/flags.ts';
import { terminalTable } from '../../terminal/table.ts';
import { experimentArgs } from '../experiment-args.ts';
import { finish, speedFlags, writeLines } from '../speed-lines.ts';

const args = {
  experiment: {
    ...experimentArgs.experiment,
    description: 'A preset or a JSON config file, of which the data are taken',
  },
  data: experimentArgs.data,
  window: { type: 'string', description: 'Events that SASRec reads', valueHint: 'N', default: '50' },
  batch: { type: 'string', description: 'Users per step', valueHint: 'N', default: '128' },
  seed: { type: 'string', description: 'Seed of weights and batches', valueHint: 'N', default: '0' },
  patience: {
    type: 'string',
    description: 'Validations without a new best after which an engine ends',
    valueHint: 'N',
    default: '10',
  },
  threads: speedFlags.threads,
  peer: { type: 'string', description: 'Also train with RecTools, in alternation', valueHint: 'rectools' },
  python: { ...speedFlags.python, description: 'With --peer rectools: the Python with RecTools' },
  json: speedFlags.json,
} as const;

const command: CommandDef<typeof args> = defineCommand({
  meta: { name: 'speed fit', description: 'Measure the time that SASRec takes to a validation NDCG@10' },
  args,
  async run({ args: given, rawArgs }) {
    checkFlags('speed fit', rawArgs, args);
    const peer = given.peer && choiceOf('peer', given.peer, ['rectools']);
    const settings = {
      ...{ width: 64, layers: 2, heads: 2, dropout: 0.2, lr: 0.001 },
      window: wholeOf('window', given.window),
      batch: wholeOf('batch', given.batch),
      seed: seedOf(given.seed),
      patience: wholeOf('patience', given.patience),
      threads: threadsOf(given.threads),
      python: peer ? given.python : undefined,
    };
    const { experiment, folder } = await loadExperiment(given.experiment);
    const { interactions } = await loadDataset(experiment.dataset, given.data, folder);
    const say = (what: string) => process.stderr.write(`${what}\n`);
    const lines = await writeLines({}, () => measureFit(interactions, settings, say));
    finish(lines, tableOf, given.json === true);
  },
});

export default command;

function tableOf(lines: readonly (FitMeasurement | { readonly error: string })[]): string {
  const head = ['engine', 'best NDCG@10', 'seconds', 'target', 'seconds to it', 'ratio', 'peak MB'];
  const table = terminalTable(head, 1);
  for (const line of lines) {
    if ('error' in line) continue;
    const { engine, best, seconds, target, targetSeconds, ratio, peakMemoryMB } = line;
    const digits = (value: number | undefined, count: number) => value?.toFixed(count) ?? '';
    const reached = [digits(target, 4), digits(targetSeconds, 1), digits(ratio, 2)];
    table.push([engine, digits(best, 4), digits(seconds, 1), ...reached, peakMemoryMB]);
  }
  return table.toString();
}
