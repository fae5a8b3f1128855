import { type CommandDef, defineCommand } from 'citty';
import { type EnvMeasurement, measureTask } from '../../speed/env/measure.ts';
import { isTraining, type Task, tasks } from '../../speed/env/settings.ts';
import { type Shape, type ShapeName, shapes, shapesWithin } from '../../speed/env/shapes.ts';
import { type EnvLine, envTable } from '../../speed/env/table.ts';
import { checkFlags, choiceOf, threadsOf, wholeOf } from '../../terminal/flags.ts';
import { finish, speedFlags, writeLines } from '../speed-lines.ts';

/** Positions per row of the training steps. Two histories share a row. */
const LENGTH = 64;

/** The number of histories that an environment reads in one call of its programs. */
const HISTORIES = 128;

const args = {
  models: {
    type: 'string',
    description: `Shapes of language models, comma-separated (default: those that fit into memory): ${Object.keys(shapes).join(', ')}`,
    valueHint: 'NAMES',
  },
  tasks: {
    type: 'string',
    description: `Tasks to measure, comma-separated: ${tasks.join(', ')}`,
    valueHint: 'NAMES',
    default: tasks.join(','),
  },
  threads: speedFlags.threads,
  spinning: {
    type: 'boolean',
    description: 'Training: idle threads spin, as in PyTorch (an option of @lea/env; by default they sleep)',
  },
  rounds: {
    type: 'string',
    description:
      'Calls that are measured (default: 18 of training and 6 of annotation, of 15M 12 and 4, of 135M 6 and 2)',
    valueHint: 'N',
  },
  peer: {
    type: 'string',
    description: 'Also measure the same training steps in PyTorch, in alternation',
    valueHint: 'torch',
  },
  python: speedFlags.python,
  json: speedFlags.json,
} as const;

const command: CommandDef<typeof args> = defineCommand({
  meta: {
    name: 'speed env',
    description:
      'Measure learning item tokens, fitting with LoRA, and annotating, with randomly initialized language models',
  },
  args,
  async run({ args: given, rawArgs }) {
    checkFlags('speed env', rawArgs, args);
    const peer = given.peer && choiceOf('peer', given.peer, ['torch']);
    const names =
      given.models === undefined
        ? allowed(process.availableMemory())
        : choicesOf('models', given.models, Object.keys(shapes) as ShapeName[]);
    const asked = choicesOf('tasks', given.tasks, tasks);
    const runtime = { threads: threadsOf(given.threads), spinning: Boolean(given.spinning) };
    const rounds = given.rounds === undefined ? undefined : wholeOf('rounds', given.rounds);
    const lines: EnvLine[] = [];
    for (const shape of names) {
      for (const what of asked) {
        process.stderr.write(`${what}, ${shape} ...\n`);
        const measured = await writeLines({ what, shape }, () =>
          measure(what, shape, { ...runtime, rounds, python: peer && given.python }),
        );
        lines.push(...measured);
      }
    }
    finish(lines, envTable, given.json === true);
  },
});

export default command;

/** The shapes that fit into memory. For the others it writes how they can be requested. */
function allowed(memory: number): ShapeName[] {
  const names = shapesWithin(memory);
  const all = Object.keys(shapes) as ShapeName[];
  const out = all.filter((name) => !names.includes(name));
  if (out.length > 0) {
    process.stderr.write(
      `${out.join(', ')} left out: ${(memory / 1e9).toFixed(1)} GB are free. Nevertheless: --models ${all.join(',')}\n`,
    );
  }
  return names;
}

async function measure(
  what: Task,
  shape: ShapeName,
  {
    rounds,
    python,
    ...runtime
  }: { threads: number; spinning: boolean; rounds: number | undefined; python: string | undefined },
): Promise<EnvMeasurement[]> {
  const sizes: Shape = shapes[shape];
  const usual = isTraining(what)
    ? { ...sizes, steps: sizes.steps[what] }
    : { batch: HISTORIES, steps: 1, rounds: Math.ceil(sizes.rounds / 3) };
  const { batch, steps } = usual;
  const settings = { what, shape, batch, length: LENGTH, steps, shared: true, ...runtime };
  const lines = await measureTask(settings, rounds ?? usual.rounds, python);
  const difference = lines.at(-1)?.difference;
  if (difference !== undefined) process.stderr.write(`  both agree to ${difference.toExponential(1)}\n`);
  return lines;
}

function choicesOf<const T extends string>(flag: string, text: string, known: readonly T[]): T[] {
  return text.split(',').map((word) => choiceOf(flag, word, known));
}
