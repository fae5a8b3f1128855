import { type CommandDef, defineCommand } from 'citty';
import { planExperiment } from '../../jobs/planned.ts';
import { writeEventFiles } from '../../tensorboard/write.ts';
import { counted } from '../../terminal/counted.ts';
import { checkFlags, folderOf } from '../../terminal/flags.ts';
import { interruptible } from '../../terminal/interrupt.ts';
import { printable } from '../../terminal/printable.ts';
import { invocation, typed } from '../../terminal/typed.ts';
import { experimentArgs, givenExperiment, planOptions } from '../experiment-args.ts';

const { data, seed, threads } = experimentArgs;
const args = {
  experiment: {
    type: 'positional',
    description:
      'A preset or a JSON config file, to write only its runs; without it all runs of the folder are written',
    required: false,
  },
  data,
  runs: {
    type: 'string',
    description: 'Folder of runs, of all experiments or of one',
    valueHint: 'DIR',
    default: 'runs',
  },
  seed,
  threads,
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
    const { experiment } = given;
    const loaded = experiment === undefined ? undefined : await givenExperiment({ ...given, experiment });
    await interruptible(typed([...invocation, 'tensorboard', ...rawArgs]), async (signal) => {
      const planned = loaded && (await planExperiment(loaded, planOptions(given, signal)));
      const ids = planned && new Set(planned.plan.jobs.map(({ id }) => id));
      const out = folderOf('out', given.out);
      const { count, of } = await writeEventFiles(folderOf('runs', given.runs), out, ids);
      process.stdout.write(
        `${counted(count, of)}: ${printable(out)}\nTo see them: tensorboard --logdir ${printable(given.out)}\n`,
      );
    });
  },
});

export default command;
