import { parseArgs } from 'node:util';
import { key } from '@lea/core';
import { seedOf, wholeOf } from '../../terminal/flags.ts';
import { hasRedis } from '../../testing/redis.ts';
import { storm } from './storm.ts';
import { PER_SEED } from './study.ts';

// Kills workers of a queue and its Redis: `npm run storm -- --runs 48 --kills 10 --seed 0 --minutes 10`. With `--lose-data`
// Redis comes back empty. Needs `redis-server` (on Debian: apt-get install redis-server) and Linux.
const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '48' },
    kills: { type: 'string', default: '10' },
    seed: { type: 'string', default: '0' },
    'lose-data': { type: 'boolean', default: false },
    minutes: { type: 'string', default: '10' },
  },
});
const [runs, kills, minutes] = (['runs', 'kills', 'minutes'] as const).map((flag) => wholeOf(flag, values[flag])) as [
  number,
  number,
  number,
];
const seed = seedOf(values.seed);
const say = (line: string): void => void process.stdout.write(`${line}\n`);

if (!hasRedis) {
  say('redis-server is not on the PATH. On Debian: apt-get install redis-server');
  process.exit(1);
}
const started = performance.now();
const {
  runs: told,
  hits,
  wrong,
} = await storm({
  seeds: Math.ceil(runs / PER_SEED),
  kills,
  loseData: values['lose-data'],
  root: key(seed),
  say,
  signal: AbortSignal.timeout(60_000 * minutes),
});
const seconds = Math.round((performance.now() - started) / 1000);
say(
  `${told} runs and baselines, 3 workers, 2 producers, ${kills} kills of workers (${hits} had a job), 1 kill of Redis ` +
    `(seed ${seed}), ${seconds} s: ${wrong.length === 0 ? 'all records equal those of one process' : `${wrong.length} faults`}`,
);
for (const fault of wrong) say(`  ${fault}`);
process.exit(wrong.length === 0 ? 0 : 1);
