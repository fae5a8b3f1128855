import { resolve } from 'node:path';
import { type CommandDef, defineCommand } from 'citty';
import { neededAddress } from '../../queue/address.ts';
import { type Status, statusOf } from '../../queue/status.ts';
import { renderTable } from '../../report/table.ts';
import { counted } from '../../terminal/counted.ts';
import { duration } from '../../terminal/duration.ts';
import { checkFlags } from '../../terminal/flags.ts';
import { printable, printableJson } from '../../terminal/printable.ts';
import { experimentArgs, queueArgs } from '../experiment-args.ts';

const { runs } = experimentArgs;
const args = {
  ...queueArgs,
  runs,
  json: { type: 'boolean', description: 'Write JSON to standard output' },
} as const;

const command: CommandDef<typeof args> = defineCommand({
  meta: { name: 'status', description: 'Show the jobs of a queue: how many wait, which run, which failed' },
  args,
  async run({ args: given, rawArgs }) {
    checkFlags('status', rawArgs, args);
    const address = neededAddress(given.queue);
    const status = await statusOf(address, resolve(given.runs));
    process.stdout.write(given.json ? `${printableJson(status)}\n` : told(status));
  },
});

export default command;

function told({ workers, running, waiting, delayed, failed, jobs }: Status): string {
  const tried = delayed > 0 ? `, ${delayed} to be tried again` : '';
  const sum = `${counted(workers, 'worker')}, ${counted(running, 'job')} running, ${waiting} ready${tried}, ${failed} failed.\n`;
  if (jobs.length === 0) return sum;
  const rows = jobs.map(({ id, state, worker, seconds, said }) => [
    id,
    state,
    worker ?? '–',
    seconds === null ? '–' : duration(seconds),
    printable(said),
  ]);
  return `${renderTable({ head: ['id', 'state', 'worker', 'time', 'progress'], rows })}\n${sum}`;
}
