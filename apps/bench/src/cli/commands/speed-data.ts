import { type CommandDef, defineCommand } from 'citty';
import { type DataMeasurement, measureData } from '../../speed/data/measure.ts';
import { engines, forms } from '../../speed/data/settings.ts';
import { checkFlags, choiceOf, threadsOf, wholeOf } from '../../terminal/flags.ts';
import { terminalTable } from '../../terminal/table.ts';
import { finish, speedFlags, writeLines } from '../speed-lines.ts';

const args = {
  events: { type: 'string', description: 'Number of events in the log', valueHint: 'N', default: '2700000' },
  users: { type: 'string', description: 'Number of users', valueHint: 'N', default: '200000' },
  items: { type: 'string', description: 'Size of the catalog', valueHint: 'N', default: '50000' },
  form: { type: 'string', description: 'Form of the file: csv or parquet', valueHint: 'NAME', default: 'csv' },
  engines: {
    type: 'string',
    description: `Our readers, comma-separated: ${engines.join(', ')}`,
    valueHint: 'NAMES',
    default: 'duckdb',
  },
  threads: speedFlags.threads,
  rounds: { type: 'string', description: 'Number of measured readings', valueHint: 'N', default: '5' },
  train: {
    type: 'string',
    description: 'Also train this many steps with a sampled softmax on the log',
    valueHint: 'N',
  },
  peer: { type: 'string', description: 'Also measure polars, in alternation', valueHint: 'polars' },
  python: { ...speedFlags.python, description: 'With --peer polars: the Python with polars' },
  json: speedFlags.json,
} as const;

const command: CommandDef<typeof args> = defineCommand({
  meta: { name: 'speed data', description: 'Measure reading a large log, splitting it and training on it' },
  args,
  async run({ args: given, rawArgs }) {
    checkFlags('speed data', rawArgs, args);
    const peer = given.peer && choiceOf('peer', given.peer, ['polars']);
    const settings = {
      events: wholeOf('events', given.events),
      users: wholeOf('users', given.users),
      items: wholeOf('items', given.items),
      form: choiceOf('form', given.form, forms),
      engines: given.engines.split(',').map((name) => choiceOf('engines', name, engines)),
      threads: threadsOf(given.threads),
      rounds: wholeOf('rounds', given.rounds),
      train: given.train === undefined ? 0 : wholeOf('train', given.train),
      python: peer ? given.python : undefined,
    };
    const lines = await writeLines({}, () => measureData(settings, (what) => process.stderr.write(`${what} ...\n`)));
    finish(lines, tableOf, given.json === true);
  },
});

export default command;

function tableOf(lines: readonly (DataMeasurement | { readonly error: string })[]): string {
  const head = [
    'task',
    'engine',
    'form',
    'events',
    'threads',
    'seconds',
    'min',
    'CPU s',
    'peak MB',
    'ratio',
    'CPU ratio',
  ];
  const table = terminalTable(head, 3);
  const seconds = (ms: number) => (ms / 1000).toFixed(ms < 1000 ? 3 : 1);
  for (const line of lines) {
    if ('error' in line) continue;
    const { task, engine, form, events, threads, msPerStep, msPerStepMin, cpuMsPerStep, peakMemoryMB } = line;
    const times = [msPerStep, msPerStepMin, cpuMsPerStep].map(seconds);
    const ratios = [line.ratio, line.cpuRatio].map((ratio) => ratio?.toFixed(2) ?? '');
    table.push([task, engine, form, events.toLocaleString('en'), threads, ...times, peakMemoryMB, ...ratios]);
  }
  return table.toString();
}
