import { type CommandDef, defineCommand } from 'citty';
import { neededAddress } from '../../queue/address.ts';
import { statusOf } from '../../queue/status.ts';
import { checkFlags, folderOf } from '../../terminal/flags.ts';
import { printableJson } from '../../terminal/printable.ts';
import { experimentArgs, queueArgs } from '../experiment-args.ts';
import { statusText } from '../status-text.ts';

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
    const status = await statusOf(address, folderOf('runs', given.runs));
    process.stdout.write(given.json ? `${printableJson(status)}\n` : statusText(status, process.stdout.columns));
  },
});

export default command;
