// Tries whether the tests pin the method: makes small mistakes in its sources, one at a time and in memory only, runs the
// tests that are nearest to each, and prints those that no test noticed. `node scripts/mutate.mjs [options] [sources...]`.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { mutantsOf } from './mutate/mutants.mjs';
import { nearestTests } from './mutate/nearest.mjs';

const help = `Options, with their defaults:
  --share 0.05    share of all mutants that is tried, drawn by the seed
  --seed 0        another seed, another draw
  --minutes 60    no mutant is begun after so many minutes
  --tests 8       test files that are run for each mutant, the nearest
  --slow 30       test files that take more seconds are left out
Sources (default: the files of the method) are paths or patterns such as packages/env/src/segments.ts.`;

/** The files that hold the method: what decides numbers, and not what reads, writes or checks. */
const method = [
  'packages/core/src/key.ts',
  'packages/tensor/src/{ops,optimizers}/*.ts',
  'packages/tensor/src/principal-directions.ts',
  'packages/data/src/{rewards,sequences,windows}.ts',
  'packages/data/src/{counting,split}/*.ts',
  'packages/agents/src/{heads,init,scoring,topk}.ts',
  'packages/agents/src/{agents,encoders,losses,memory}/*.ts',
  'packages/env/src/{annotate-rewards,annotate-rows,best-vectors,candidate-prompt,cross-fit,top-items,tokens}.ts',
  'packages/env/src/{environment-batches,environment-model,environment-past,environment-prefixes}.ts',
  'packages/env/src/{environment-programs,environment-runners,fit-environment,fit-preparation,item-token-step}.ts',
  'packages/env/src/{memory,positives,repetition,reward-calibration,segments,steps,user-folds,validation}.ts',
  'packages/env/src/decoders/{branch-attention,decode,lora,masks,rope-tables}.ts',
  'packages/env/src/step/{episodes,rollout,user-model}.ts',
  'packages/train/src/{batches,environment-states,fuse,memory-teacher,mix-signals,modelled-reward,options}.ts',
  'packages/train/src/{program,progress,sampler,signals,statistics,tally,validation}.ts',
  'packages/train/src/lazy/*.ts',
  'packages/eval/src/{agreement,evaluate,metrics,nearness,normal-quantile,significance,tfidf,vectors}.ts',
  'packages/eval/src/{baselines,linear}/*.ts',
];

/** Test files of the first run of a mutant: most are noticed there. */
const FIRST = 3;

const root = fileURLToPath(new URL('..', import.meta.url));
process.chdir(root);
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    share: { type: 'string', default: '0.05' },
    seed: { type: 'string', default: '0' },
    minutes: { type: 'string', default: '60' },
    tests: { type: 'string', default: '8' },
    slow: { type: 'string', default: '30' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(help);
  process.exit(0);
}
const [share, minutes, most, slow] = [values.share, values.minutes, values.tests, values.slow].map(Number);
const work = mkdtempSync(join(tmpdir(), 'lea-mutate-'));
try {
  process.exitCode = await mutate();
} finally {
  rmSync(work, { recursive: true, force: true });
}

async function mutate() {
  const end = Date.now() + minutes * 60_000;
  const files = sources(positionals.length > 0 ? positionals : method);
  const all = files.flatMap((file) => {
    const text = readFileSync(file, 'utf8');
    return mutantsOf(text).map((edit) => ({ ...edit, file, text, drawn: draw(file, edit) }));
  });
  const mutants = all.filter(({ drawn }) => drawn < share).sort((a, b) => a.drawn - b.drawn);
  console.log(`${mutants.length} of ${all.length} mutants of ${files.length} files, seed ${values.seed}`);

  if (mutants.length === 0) return 0;

  const tests = nearest([...new Set(mutants.map(({ file }) => file))]);
  const seconds = await durations([...new Set([...tests.values()].flat())]);
  if (!seconds) return 1;
  const tried = [];
  for (const mutant of mutants) {
    if (Date.now() > end) break;
    const near = tests.get(mutant.file).filter((test) => seconds.get(test) <= slow);
    const outcome = await outcomeOf(mutant, near, seconds);
    tried.push({ ...mutant, outcome });
    if (outcome !== 'noticed') console.log(`${outcome.padEnd(9)} ${described(mutant)}`);
  }
  report(tried, mutants.length);
  return 0;
}

function sources(patterns) {
  const found = patterns.flatMap((pattern) => globSync(pattern)).map((path) => path.split(sep).join('/'));
  return [...new Set(found)].filter((file) => !/\.test\.ts$|\/testing\.ts$/.test(file)).sort();
}

/** From 0 to 1, the same whatever other mutants there are. */
function draw(file, { start, kind, to }) {
  const hash = createHash('sha256').update(JSON.stringify([values.seed, file, start, kind, to]));
  return hash.digest().readUInt32BE() / 2 ** 32;
}

/** Test files by source. */
function nearest(files) {
  const folderOf = (file) => file.split('/').slice(0, 2).join('/');
  const byFolder = new Map([...new Set(files.map(folderOf))].map((folder) => [folder, nearestTests(folder)]));
  return new Map(files.map((file) => [file, byFolder.get(folderOf(file))(file).slice(0, most)]));
}

/** Seconds of every test file without any mistake; nothing when one fails. */
async function durations(tests) {
  const output = join(work, 'durations.json');
  const { code } = await vitest(tests, ['--reporter=json', `--outputFile=${output}`]);
  if (code !== 0) {
    console.error('The tests have to pass before anything is changed.');
    return undefined;
  }
  const { testResults } = JSON.parse(readFileSync(output, 'utf8'));
  const taken = new Map(testResults.map(({ name, startTime, endTime }) => [name, (endTime - startTime) / 1000]));
  return new Map(tests.map((test) => [test, taken.get(join(root, test).split(sep).join('/')) ?? 0]));
}

/** @returns `noticed`, `survived`, or `endless` when the tests took far longer than without the mistake */
async function outcomeOf({ file, start, end, to }, tests, seconds) {
  const env = { LEA_MUTANT: JSON.stringify({ path: join(root, file).split(sep).join('/'), start, end, to }) };
  for (const some of [tests.slice(0, FIRST), tests.slice(FIRST)]) {
    if (some.length === 0) continue;
    const usual = some.reduce((sum, test) => sum + seconds.get(test), 0);
    const config = ['--config', 'scripts/mutate/vitest.config.mjs', '--reporter=dot'];
    const { code } = await vitest(some, config, { env, limit: 60 + 5 * usual });
    if (code === null) return 'endless';
    if (code !== 0) return 'noticed';
  }
  return 'survived';
}

/** @param limit seconds until the run is ended, workers included: its code is null then */
function vitest(tests, args, { env = {}, limit = 3600 } = {}) {
  const argv = [join('node_modules', 'vitest', 'vitest.mjs'), 'run', ...tests, ...args];
  const child = spawn(process.execPath, argv, {
    env: { ...process.env, ...env },
    stdio: 'ignore',
    detached: process.platform !== 'win32',
  });
  return new Promise((resolve) => {
    const stop = () => (process.platform === 'win32' ? child.kill() : process.kill(-child.pid, 'SIGKILL'));
    let code;
    const late = setTimeout(() => {
      code = null;
      stop();
    }, limit * 1000);
    const cut = () => {
      stop();
      process.exit(130);
    };
    process.once('SIGINT', cut);
    child.on('close', (status) => {
      clearTimeout(late);
      process.off('SIGINT', cut);
      resolve({ code: code === null ? null : status });
    });
  });
}

function described({ file, text, start, end, to, kind }) {
  const line = text.slice(0, start).split('\n').length;
  const from = text.lastIndexOf('\n', start) + 1;
  const until = text.indexOf('\n', end);
  const before = text.slice(from, until).trim();
  const after = (text.slice(from, start) + to + text.slice(end, until)).trim();
  return `${file}:${line} (${kind})\n  - ${before}\n  + ${after}`;
}

function report(tried, drawn) {
  const packages = [...new Set(tried.map(({ file }) => file.split('/')[1]))].sort();
  const line = (name, some) => {
    const count = (outcome) => some.filter((one) => one.outcome === outcome).length;
    console.log(
      `${name.padEnd(8)} ${String(some.length).padStart(5)} mutants ${String(count('noticed')).padStart(5)} noticed` +
        `${String(count('endless')).padStart(4)} endless${String(count('survived')).padStart(5)} survived`,
    );
  };
  for (const name of packages) line(name, tried.filter(({ file }) => file.split('/')[1] === name)); // biome-ignore format: one line
  line('all', tried);
  if (tried.length < drawn) console.log(`The time was up: ${drawn - tried.length} of those that were drawn were not tried.`);
}
