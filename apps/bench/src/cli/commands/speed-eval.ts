import { LeaError } from '@lea/core';
import { type CommandDef, defineCommand } from 'citty';
import { type EvalMeasurement, measureEvaluation } from '../../speed/eval/measure.ts';
import { scorers } from '../../speed/eval/settings.ts';
import { checkFlags, choiceOf, threadsOf, wholeOf } from '../../terminal/flags.ts';
import { terminalTable } from '../../terminal/table.ts';
import { finish, speedFlags, writeLines } from '../speed-lines.ts';

const args = {
  items: { type: 'string', description: 'Catalog sizes, comma-separated', valueHint: 'N,N', default: '10000,70000' },
  scorer: {
    type: 'string',
    description: `What is evaluated: ${scorers.join(', ')}`,
    valueHint: 'NAME',
    default: 'policy',
  },
  batch: { type: 'string', description: 'Histories per batch', valueHint: 'N', default: '256' },
  threads: speedFlags.threads,
  steps: { type: 'string', description: 'Batches per round', valueHint: 'N', default: '8' },
  rounds: { type: 'string', description: 'Number of measured evaluations', valueHint: 'N', default: '9' },
  peer: { type: 'string', description: 'Also measure PyTorch, in alternation', valueHint: 'torch' },
  python: speedFlags.python,
  json: speedFlags.json,
} as const;

const command: CommandDef<typeof args> = defineCommand({
  meta: { name: 'speed eval', description: 'Measure the evaluation of a policy or a baseline over the full catalog' },
  args,
  async run({ args: given, rawArgs }) {
    checkFlags('speed eval', rawArgs, args);
    const peer = given.peer && choiceOf('peer', given.peer, ['torch']);
    const scorer = choiceOf('scorer', given.scorer, scorers);
    if (peer && scorer !== 'policy') {
      throw new LeaError('E_FLAG_VALUE', 'The PyTorch peer has only --scorer policy.', { value: scorer });
    }
    const shared = {
      scorer,
      batch: wholeOf('batch', given.batch),
      threads: threadsOf(given.threads),
      steps: wholeOf('steps', given.steps),
    };
    const rounds = wholeOf('rounds', given.rounds);
    const sizes = given.items.split(',').map((text) => wholeOf('items', text));
    const lines: Line[] = [];
    for (const items of sizes) {
      process.stderr.write(`${scorer}, ${items.toLocaleString('en')} items ...\n`);
      const measure = () => measureEvaluation({ ...shared, items }, rounds, peer ? given.python : undefined);
      lines.push(...(await writeLines({ scorer, items }, measure)));
    }
    finish(lines, tableOf, given.json === true);
  },
});

export default command;

type Line = EvalMeasurement | { readonly error: string };

function tableOf(lines: readonly Line[]): string {
  const head = [
    'engine',
    'scorer',
    'items',
    'batch',
    'threads',
    'ms/batch',
    'min',
    'CPU µs/event',
    'peak MB',
    'ratio',
    'CPU ratio',
  ];
  const table = terminalTable(head, 2);
  for (const line of lines) {
    if ('error' in line) continue;
    const { engine, scorer, items, batch, threads, cpuMicrosecondsPerEvent, peakMemoryMB } = line;
    const times = [line.msPerStep, line.msPerStepMin].map((ms) => ms.toFixed(1));
    const ratios = [line.ratio, line.cpuRatio].map((ratio) => ratio?.toFixed(2) ?? '');
    table.push([engine, scorer, items, batch, threads, ...times, cpuMicrosecondsPerEvent, peakMemoryMB, ...ratios]);
  }
  return table.toString();
}
