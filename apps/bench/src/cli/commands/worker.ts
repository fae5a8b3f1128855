import { type CommandDef, defineCommand } from 'citty';
import { neededAddress } from '../../queue/address.ts';
import { serve } from '../../queue/worker.ts';
import { createBoard } from '../../terminal/board.ts';
import { checkFlags, folderOf } from '../../terminal/flags.ts';
import { interruptible } from '../../terminal/interrupt.ts';
import { invocation, typed } from '../../terminal/typed.ts';
import { experimentArgs, queueArgs, workWords } from '../experiment-args.ts';

const { runs } = experimentArgs;
const args = { ...queueArgs, runs } as const;

const command: CommandDef<typeof args> = defineCommand({
  meta: { name: 'worker', description: 'Do jobs of a queue, one at a time, until it is stopped' },
  args,
  async run({ args: given, rawArgs }) {
    checkFlags('worker', rawArgs, args);
    const address = neededAddress(given.queue);
    await interruptible(typed([...invocation, 'worker', ...rawArgs]), (signal) =>
      serve(address, {
        runs: folderOf('runs', given.runs),
        wordsOf: workWords,
        board: createBoard(process.stderr),
        signal,
      }),
    );
    // BullMQ would wait for a Redis that is away.
    process.exit();
  },
});

export default command;
