import { parseArgs } from 'node:util';
import { fold, key } from '@lea/core';
import { seedOf } from '../terminal/flags.ts';
import { flips, isWrong } from './flips.ts';
import { kills } from './kills.ts';

// Damages files on disk and kills processes: `npm run tamper -- --trials 200 --kills 20 --seed 0`.
const { values } = parseArgs({
  options: {
    trials: { type: 'string', default: '200' },
    kills: { type: 'string', default: '20' },
    seed: { type: 'string', default: '0' },
  },
});
const [trials, count, seed] = [values.trials, values.kills, values.seed].map(seedOf) as [number, number, number];
const say = (line: string): void => void process.stdout.write(`${line}\n`);

const counts = await flips(trials, fold(key(seed), 'flips'), say);
say(`${trials} times one flipped bit, then the same command (seed ${seed}):`);
for (const [ended, times] of Object.entries(counts).sort(([, a], [, b]) => b - a)) say(`  ${ended}: ${times}`);

const wrong = await kills(count, fold(key(seed), 'kills'));
say(`${count} times kill -9, then the same command: ${wrong.length === 0 ? 'the same result' : wrong.join('; ')}`);

if (wrong.length > 0 || Object.keys(counts).some(isWrong)) process.exitCode = 1;
