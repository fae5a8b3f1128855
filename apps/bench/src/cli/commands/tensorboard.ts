import { resolve } from 'node:path';
import { type CommandDef, defineCommand } from 'citty';
import { writeEventFiles } from '../../tensorboard/write.ts';
import { counted } from '../../terminal/counted.ts';
import { checkFlags } from '../../terminal/flags.ts';
import { printable } from '../../terminal/printable.ts';

const args = {
  runs: {
    type: 'string',
    description: 'Folder of runs, of all experiments or of one',
    valueHint: 'DIR',
    default: 'runs',
  },
  out: { type: 'string', description: 'Folder for the event files', valueHint: 'DIR', default: 'tensorboard' },
} as const;

const command: CommandDef<typeof args> = defineCommand({
  meta: {
    name: 'tensorboard',
    description: 'Write the curves of runs as event files of TensorBoard, with the test metrics of finished ones',
  },
  args,
  async run({ args: given, rawArgs }) {
    checkFlags('tensorboard', rawArgs, args);
    const out = resolve(given.out);
    const { count, of } = await writeEventFiles(resolve(given.runs), out);
    process.stdout.write(
      `${counted(count, of)}: ${printable(out)}\nTo see them: tensorboard --logdir ${printable(given.out)}\n`,
    );
  },
});

export default command;
