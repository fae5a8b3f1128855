import { resolve } from 'node:path';
import { LeaError, nearest } from '@lea/core';
import { type CommandDef, defineCommand } from 'citty';
import { loadExperiment } from '../config/load.ts';
import { subjectLine, writeFidelity } from '../fidelity/report.ts';
import type { FidelityFlags, TextTokens } from '../fidelity/request.ts';
import { runFidelity } from '../fidelity/run.ts';
import { curveTable, mainTable } from '../fidelity/table.ts';
import { renderTable } from '../report/table.ts';
import { checkFlags } from '../terminal/flags.ts';
import { interruptible } from '../terminal/interrupt.ts';

const args = {
  experiment: {
    type: 'positional',
    description: 'A preset (quick, industrial, lastfm) or a JSON config file: its data, split and environments',
    default: 'quick',
  },
  data: { type: 'string', description: 'Folder that holds the data files', valueHint: 'DIR' },
  runs: {
    type: 'string',
    description: 'Folder that environments and measurements are kept in and reused from',
    valueHint: 'DIR',
    default: 'runs',
  },
  tokens: {
    type: 'string',
    description: 'Environments to measure, by what an item is to them, with commas between: id+text, text',
    valueHint: 'TOKENS',
    default: 'id+text,text',
  },
  tier: {
    type: 'string',
    description: 'What tokens come from, instead of what the config says: catalogue, encoder',
    valueHint: 'TIER',
  },
  model: { type: 'string', description: 'Feature-extraction model of tier encoder', valueHint: 'DIR' },
  users: {
    type: 'string',
    description:
      'Share of the train users that environments and controls know (default: what the config says, else all)',
    valueHint: 'SHARE',
  },
  'subset-curve': { type: 'boolean', description: 'Measure 5, 10, 20, 50 and 100 % of the users as well' },
  seed: { type: 'string', description: 'Seed of tokens, users and environments', valueHint: 'N' },
  report: { type: 'string', description: 'Where the report is written', valueHint: 'FILE', default: 'fidelity.html' },
  json: { type: 'boolean', description: 'Standard output gets one JSON line per subject, nothing else' },
} as const;

const command: CommandDef<typeof args> = defineCommand({
  meta: {
    name: 'fidelity',
    description: 'Measure how well environments agree with held-out users, beside controls; a report',
  },
  args,
  async run({ args: given, rawArgs }) {
    checkFlags('fidelity', rawArgs, args);
    const flags: FidelityFlags = {
      tokens: given.tokens
        .split(',')
        .map((word) => oneOf('tokens', word, ['id+text', 'text'] as const)) satisfies TextTokens[],
      ...(given.tier !== undefined && { tier: oneOf('tier', given.tier, ['catalogue', 'encoder'] as const) }),
      ...(given.model !== undefined && { model: given.model }),
      ...(given.users !== undefined && { users: shareOf(given.users) }),
      ...(given.seed !== undefined && { seed: seedOf(given.seed) }),
    };
    const loaded = await loadExperiment(given.experiment);
    await interruptible(`npm run bench -- fidelity ${rawArgs.join(' ')}`.trim(), async (signal) => {
      const outcome = await runFidelity(loaded, flags, {
        data: given.data,
        runs: resolve(given.runs),
        curve: given['subset-curve'] === true,
        out: process.stderr,
        signal,
        onMeasured: (measured) => given.json && process.stdout.write(`${JSON.stringify(subjectLine(measured))}\n`),
      });
      const path = resolve(given.report);
      const json = await writeFidelity(path, outcome);
      const out = given.json ? process.stderr : process.stdout;
      const tables = [mainTable(outcome.measured), ...(outcome.curve.length > 0 ? [curveTable(outcome.curve)] : [])];
      out.write(
        `\n${tables.map(renderTable).join('\n\n')}\n\n${outcome.sentences.join('\n')}\n\nReport: ${path}\nNumbers: ${json}\n`,
      );
    });
  },
});

export default command;

function oneOf<const T extends string>(flag: string, word: string, known: readonly T[]): T {
  const found = known.find((choice) => choice === word.trim());
  if (found) return found;
  const near = nearest(word, known);
  throw new LeaError('E_FLAG_VALUE', `--${flag} has no such choice.`, {
    value: word,
    hint: near ? `Did you mean "${near}"?` : `There are: ${known.join(', ')}.`,
  });
}

function shareOf(text: string): number {
  const share = Number(text);
  if (text.trim() !== '' && share > 0 && share <= 1) return share;
  throw new LeaError('E_FLAG_VALUE', '--users takes a share above 0 and at most 1.', {
    value: text,
    hint: 'For instance --users 0.2.',
  });
}

function seedOf(text: string): number {
  const seed = Number(text);
  if (text.trim() !== '' && Number.isSafeInteger(seed)) return seed;
  throw new LeaError('E_FLAG_VALUE', 'A seed is a whole number.', { value: text, hint: 'For instance --seed 1.' });
}
