import { type CommandDef, defineCommand } from 'citty';
import { type MemoryMeasurement, measureMemory } from '../../speed/memory/measure.ts';
import { checkFlags, threadsOf, wholeOf } from '../../terminal/flags.ts';
import { printableJson } from '../../terminal/printable.ts';
import { terminalTable } from '../../terminal/table.ts';
import { speedFlags } from '../speed-lines.ts';

const args = {
  items: { type: 'string', description: 'Size of the catalog', valueHint: 'N', default: '10000' },
  events: { type: 'string', description: 'Number of events in the log', valueHint: 'N', default: '100000' },
  threads: speedFlags.threads,
  rounds: { type: 'string', description: 'Number of measured rounds', valueHint: 'N', default: '12' },
  json: { type: 'boolean', description: 'Write only the JSON line, without the table on standard error' },
} as const;

const command: CommandDef<typeof args> = defineCommand({
  meta: {
    name: 'speed memory',
    description: 'Measure the cost of a counting memory: counting, serving and training, with and without it',
  },
  args,
  async run({ args: given, rawArgs }) {
    checkFlags('speed memory', rawArgs, args);
    const measured = await measureMemory(
      {
        items: wholeOf('items', given.items),
        events: wholeOf('events', given.events),
        threads: threadsOf(given.threads),
        rounds: wholeOf('rounds', given.rounds),
      },
      (what) => process.stderr.write(`${what} ...\n`),
    );
    process.stdout.write(`${printableJson(measured)}\n`);
    if (!given.json) process.stderr.write(`${tableOf(measured)}\n`);
  },
});

export default command;

function tableOf(m: MemoryMeasurement): string {
  const table = terminalTable(['', 'with memory', 'without', 'ratio'], 1);
  const ms = (value: number) => `${value.toFixed(2)} ms`;
  table.push(['recommend, one user', ms(m.recommendMs), ms(m.recommendMsWithout), m.recommendRatio.toFixed(2)]);
  if (m.stepMs !== undefined) {
    table.push(['step of joint training', ms(m.stepMs), ms(m.stepMsWithout!), m.stepRatio!.toFixed(2)]);
  }
  const size = `${m.items.toLocaleString('en')} items, ${m.events.toLocaleString('en')} events`;
  const built = `counted in ${m.buildSeconds.toFixed(1)} s, tables of ${m.tablesMB.toFixed(1)} MB, at most ${m.peakMemoryMB} MB in use`;
  return `${size}: ${built}\n${table.toString()}`;
}
