import { LeaError } from '@lea/core';
import { trainSchema } from '@lea/train';
import { type CommandDef, defineCommand } from 'citty';
import { measureStep, verifyPeer } from '../../speed/measure.ts';
import { pairsOf, type Variant } from '../../speed/pairs.ts';
import type { PeerOptions } from '../../speed/peer.ts';
import { type SpeedLine, speedTable } from '../../speed/table.ts';
import { checkFlags, choiceOf, threadsOf, wholeOf } from '../../terminal/flags.ts';
import { printableJson } from '../../terminal/printable.ts';
import { finish, speedFlags, writeLines } from '../speed-lines.ts';

const args = {
  items: {
    type: 'string',
    description: 'Catalog sizes, comma-separated',
    valueHint: 'N,N',
    default: '10000',
  },
  agent: {
    type: 'string',
    description: 'Agents: comma-separated names, all, or JSON with options ({"type":"sqn","gamma":0.9} or a list)',
    valueHint: 'NAMES',
    default: 'ce',
  },
  loss: {
    type: 'string',
    description: 'Supervised loss of agents that do not set one: softmax, sampled-softmax or gbce',
    valueHint: 'NAME',
  },
  encoder: { type: 'string', description: 'Encoders, in the same form', valueHint: 'NAMES', default: 'sasrec' },
  batch: { type: 'string', description: 'Rows per step', valueHint: 'N', default: '256' },
  dropout: { type: 'string', description: 'Dropout of encoders that have it', valueHint: 'P', default: '0' },
  threads: speedFlags.threads,
  steps: {
    type: 'string',
    description: 'Mini-batches per runtime call',
    valueHint: 'N',
    // As in training.
    default: String(trainSchema.chunk.default),
  },
  rounds: { type: 'string', description: 'Number of measured calls', valueHint: 'N', default: '9' },
  peer: { type: 'string', description: 'Also measure the same step in PyTorch, in alternation', valueHint: 'torch' },
  compile: { type: 'boolean', description: 'With --peer torch: use torch.compile' },
  verify: { type: 'boolean', description: 'With --peer torch: compare the losses of a round before measuring' },
  python: speedFlags.python,
  json: speedFlags.json,
} as const;

const command: CommandDef<typeof args> = defineCommand({
  meta: { name: 'speed', description: 'Measure the compiled training step of agents on encoders' },
  args,
  async run({ args: given, rawArgs }) {
    checkFlags('speed', rawArgs, args);
    const peer = peerOf(given);
    const shared = {
      batch: wholeOf('batch', given.batch),
      window: 10,
      threads: threadsOf(given.threads),
      steps: wholeOf('steps', given.steps),
    };
    const rounds = wholeOf('rounds', given.rounds);
    const sizes = given.items.split(',').map((text) => wholeOf('items', text));
    const pairs = pairsOf(
      given.agent,
      given.encoder,
      { width: 64, dropout: share('dropout', given.dropout) },
      given.loss,
    );
    const lines: SpeedLine[] = [];
    for (const items of sizes) {
      for (const pair of pairs) {
        const [agent, encoder] = [shortened(pair.agent), shortened(pair.encoder)];
        const what = `${printableJson(agent)} on ${printableJson(encoder)}`;
        process.stderr.write(`${what}, ${items.toLocaleString('en')} items ...\n`);
        const measured = await writeLines({ agent, encoder, items }, async () => {
          const settings = { ...shared, items, agent: pair.config() };
          if (peer && given.verify) {
            const difference = await verifyPeer(settings, peer);
            process.stderr.write(`  losses of both engines agree to ${difference.toExponential(1)}\n`);
          }
          return await measureStep(settings, rounds, peer);
        });
        lines.push(...measured);
      }
    }
    finish(lines, speedTable, given.json === true);
  },
});

export default command;

/** A variant without options is just its name. */
function shortened(variant: Variant): string | Variant {
  return Object.keys(variant).length === 1 ? variant.type : variant;
}

function peerOf(given: {
  readonly peer?: string;
  readonly compile?: boolean;
  readonly verify?: boolean;
  readonly python: string;
}): PeerOptions | undefined {
  if (given.peer === undefined) {
    for (const flag of ['compile', 'verify'] as const) {
      if (given[flag]) throw new LeaError('E_FLAG_VALUE', `--${flag} needs --peer torch.`);
    }
    return undefined;
  }
  choiceOf('peer', given.peer, ['torch']);
  return { python: given.python, compile: given.compile === true };
}

function share(flag: string, text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && value < 1) return value;
  throw new LeaError('E_FLAG_VALUE', `Expected a number of at least 0 and below 1 for --${flag}.`, { value: text });
}
