import { availableParallelism } from 'node:os';
import { LeaError, nearest } from '@lea/core';
import { type CommandDef, defineCommand } from 'citty';
import { type EnvMeasurement, measureTask } from '../../speed/env/measure.ts';
import { isTraining, type Task, tasks } from '../../speed/env/settings.ts';
import { type Shape, type ShapeName, shapes, shapesWithin } from '../../speed/env/shapes.ts';
import { type EnvLine, envTable } from '../../speed/env/table.ts';
import { describeFailure } from '../../terminal/failure.ts';
import { checkFlags, wholeOf } from '../../terminal/flags.ts';
import { printableJson } from '../../terminal/printable.ts';

/** Positions per row of the training steps; histories have half of it. */
const LENGTH = 64;

/** As many histories as an environment takes in one call of its programs. */
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
  threads: { type: 'string', description: 'Threads (default: all cores, at most 2)', valueHint: 'N' },
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
  python: {
    type: 'string',
    description: 'With --peer torch: the Python with PyTorch',
    valueHint: 'PATH',
    default: 'python3',
  },
  json: { type: 'boolean', description: 'Write only JSON lines, without the table on standard error' },
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
    if (given.peer !== undefined && given.peer !== 'torch') throw noSuch('--peer', given.peer, ['torch']);
    const python = given.peer === undefined ? undefined : given.python;
    const names =
      given.models === undefined
        ? allowed(process.availableMemory())
        : chosen('--models', given.models, Object.keys(shapes) as ShapeName[]);
    const asked = chosen('--tasks', given.tasks, tasks);
    const threads =
      given.threads === undefined ? Math.min(2, availableParallelism()) : wholeOf('threads', given.threads);
    const rounds = given.rounds === undefined ? undefined : wholeOf('rounds', given.rounds);
    const lines: EnvLine[] = [];
    for (const shape of names) {
      for (const what of asked) {
        process.stderr.write(`${what}, ${shape} ...\n`);
        const measured = await linesOf(what, shape, { threads, rounds, python, spinning: Boolean(given.spinning) });
        for (const line of measured) process.stdout.write(`${printableJson(line)}\n`);
        lines.push(...measured);
      }
    }
    if (!given.json) process.stderr.write(`${envTable(lines)}\n`);
    if (lines.some((line) => 'error' in line)) process.exitCode = 1;
  },
});

export default command;

/** The shapes that memory allows; of the others it says how to ask for them. */
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

/** The lines of one task. If it fails, its line contains the error and the other tasks continue. */
async function linesOf(
  what: Task,
  shape: ShapeName,
  {
    rounds,
    python,
    ...runtime
  }: { threads: number; spinning: boolean; rounds: number | undefined; python: string | undefined },
): Promise<EnvLine[]> {
  const sizes: Shape = shapes[shape];
  const usual = isTraining(what)
    ? { ...sizes, steps: sizes.steps[what] }
    : { batch: HISTORIES, steps: 1, rounds: Math.ceil(sizes.rounds / 3) };
  const { batch, steps } = usual;
  const settings = { what, shape, batch, length: LENGTH, steps, shared: true, ...runtime };
  try {
    const lines: EnvMeasurement[] = await measureTask(settings, rounds ?? usual.rounds, python);
    const difference = lines.at(-1)?.difference;
    if (difference !== undefined) process.stderr.write(`  both agree to ${difference.toExponential(1)}\n`);
    return lines;
  } catch (failure) {
    const error = describeFailure(failure, Boolean(process.env.LEA_DEBUG));
    process.stderr.write(`  ${error}\n`);
    return [{ what, shape, error }];
  }
}

function chosen<T extends string>(flag: string, text: string, known: readonly T[]): T[] {
  return text.split(',').map((part) => {
    const name = known.find((each) => each === part.trim());
    if (name === undefined) throw noSuch(flag, part.trim(), known);
    return name;
  });
}

function noSuch(flag: string, value: string, known: readonly string[]): LeaError {
  const near = nearest(value, [...known]);
  return new LeaError('E_FLAG_VALUE', `Invalid value for ${flag}.`, {
    value,
    hint: near ? `Did you mean "${near}"?` : `Use one of: ${known.join(', ')}.`,
  });
}
