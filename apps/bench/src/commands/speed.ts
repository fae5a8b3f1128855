import { availableParallelism } from 'node:os';
import { LeaError, nearest } from '@lea/core';
import { type CommandDef, defineCommand } from 'citty';
import Table from 'cli-table3';
import { measureStep, type SpeedLine } from '../speed/measure.ts';
import { checkFlags } from '../terminal/flags.ts';

const args = {
  items: {
    type: 'string',
    description: 'Sizes of the catalogue, with commas between',
    valueHint: 'N,N',
    default: '10000',
  },
  agent: { type: 'string', description: 'Agent', valueHint: 'ce|sqn|snqn|sa2c', default: 'ce' },
  encoder: { type: 'string', description: 'Encoder', valueHint: 'sasrec|gru4rec', default: 'sasrec' },
  batch: { type: 'string', description: 'Rows per step', valueHint: 'N', default: '256' },
  dropout: { type: 'string', description: 'Dropout of the encoder', valueHint: 'P', default: '0' },
  threads: { type: 'string', description: 'Threads (default: all cores, at most 2)', valueHint: 'N' },
  steps: { type: 'string', description: 'Mini-batches per call of the runtime', valueHint: 'N', default: '10' },
  rounds: { type: 'string', description: 'Calls that are measured', valueHint: 'N', default: '9' },
  peer: { type: 'string', description: 'Measure an equal step of PyTorch in turns', valueHint: 'torch' },
  compile: { type: 'boolean', description: 'With --peer torch: torch.compile' },
  python: {
    type: 'string',
    description: 'With --peer torch: the Python that has it',
    valueHint: 'PATH',
    default: 'python3',
  },
  json: { type: 'boolean', description: 'Standard output gets one JSON line per measurement, nothing else' },
} as const;

const command: CommandDef<typeof args> = defineCommand({
  meta: { name: 'speed', description: 'Measure the compiled training step' },
  args,
  async run({ args: given, rawArgs }) {
    checkFlags('speed', rawArgs, args);
    if (given.peer !== undefined && given.peer !== 'torch') {
      const near = nearest(given.peer, ['torch']);
      throw new LeaError('E_FLAG_VALUE', 'There is no such peer.', {
        value: given.peer,
        hint: near ? `Did you mean "${near}"?` : 'The peer is torch.',
      });
    }
    const shared = {
      agent: given.agent,
      encoder: given.encoder,
      batch: whole('batch', given.batch),
      window: 10,
      size: 64,
      dropout: share('dropout', given.dropout),
      threads: given.threads === undefined ? Math.min(2, availableParallelism()) : whole('threads', given.threads),
      steps: whole('steps', given.steps),
    };
    const rounds = whole('rounds', given.rounds);
    const peer = given.peer && { python: given.python, compile: given.compile === true };
    const all: SpeedLine[] = [];
    for (const items of given.items.split(',').map((text) => whole('items', text))) {
      process.stderr.write(`${shared.agent}, ${shared.encoder}, ${items.toLocaleString('en')} items ...\n`);
      const lines = await measureStep({ ...shared, items }, rounds, peer || undefined);
      if (given.json) for (const line of lines) process.stdout.write(`${JSON.stringify(line)}\n`);
      all.push(...lines);
    }
    if (!given.json) process.stdout.write(`${speedTable(all)}\n`);
  },
});

export default command;

function speedTable(lines: readonly SpeedLine[]): string {
  const head = [
    'engine',
    'agent',
    'encoder',
    'items',
    'batch',
    'threads',
    'ms/step',
    'min',
    'peak MB',
    'ratio to peer',
  ];
  const table = new Table({
    head,
    colAligns: head.map((_, i) => (i < 3 ? 'left' : 'right')),
    style: { head: [], border: [], compact: true },
  });
  for (const l of lines) {
    const ratio = l.ratio === undefined ? '' : l.ratio.toFixed(2);
    table.push([
      l.engine,
      l.agent,
      l.encoder,
      l.items,
      l.batch,
      l.threads,
      l.msPerStep.toFixed(1),
      l.msPerStepMin.toFixed(1),
      l.peakMemoryMB,
      ratio,
    ]);
  }
  return table.toString();
}

function whole(flag: string, text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isInteger(value) && value >= 1) return value;
  throw new LeaError('E_FLAG_VALUE', `--${flag} takes whole numbers of at least 1.`, { value: text });
}

function share(flag: string, text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && value < 1) return value;
  throw new LeaError('E_FLAG_VALUE', `--${flag} takes a number from 0 up to, not including, 1.`, { value: text });
}
