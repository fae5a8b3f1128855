// Checks whether the tests detect mistakes in the method: makes small mistakes in its sources, one at a time and only in
// memory, runs the closest tests, and prints mistakes that no test detected. `node scripts/mutate.mjs [options] [sources...]`.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { mutantsOf } from './mutate/mutants.mjs';
import { nearestTests } from './mutate/nearest.mjs';

const help = `Options, with their defaults:
  --share 0.05    share of all mutants that is tried, drawn by the seed
  --seed 0        another seed, another draw
  --minutes 60    no mutant is begun after so many minutes
  --tests 6       test files that are run for each mutant, the nearest
  --limit 180     seconds that they may take: a mutant whose tests take longer is "late"
Sources (default: the files of the method) are paths or patterns such as packages/env/src/fit/segments.ts.`;

/** The files of the method: code that determines numbers, not code that reads, writes or checks. */
const method = [
  'packages/core/src/key.ts',
  'packages/tensor/src/{ops,optimizers}/*.ts',
  'packages/tensor/src/principal-directions.ts',
  'packages/data/src/{rewards,sequences,windows}.ts',
  'packages/data/src/{counting,split}/*.ts',
  'packages/agents/src/{heads,init,scoring,topk}.ts',
  'packages/agents/src/{agents,encoders,losses,memory}/*.ts',
  'packages/env/src/annotation/{annotate-rewards,annotate-rows,cross-fit}.ts',
  'packages/env/src/fit/{fit-environment,preparation,segments,user-folds,validation}.ts',
  'packages/env/src/gym/{episodes,rollout,user-model}.ts',
  'packages/env/src/inference/{batches,past,positives,prefixes,programs,reward-calibration,runners,top-items}.ts',
  'packages/env/src/items/{best-vectors,item-token-step,tokens}.ts',
  'packages/env/src/language-model/decoders/{branch-attention,decode,lora,masks,rope-tables}.ts',
  'packages/env/src/model/{candidate-prompt,init,losses,memory,network,repetition,reward-head}.ts',
  'packages/env/src/shared/steps.ts',
  'packages/train/src/{fuse,plan,progress,validation}.ts',
  'packages/train/src/signals/{environment-states,memory-teacher,mix-signals,modeled-reward,signals}.ts',
  'packages/train/src/steps/{batches,candidates,dense,program,sampler,statistics,steps}.ts',
  'packages/train/src/steps/lazy/*.ts',
  'packages/eval/src/{agreement,evaluate,metrics,nearness,tfidf,vectors}.ts',
  'packages/eval/src/{lists,significance}/*.ts',
  'packages/eval/src/{baselines,linear}/*.ts',
  'packages/eval/src/off-policy/{behavior,bernstein,bootstrap,columns,embedding-clusters,fitted-q,policy}.ts',
  'packages/eval/src/off-policy/{regression,reward-model,sequence-columns,terms}.ts',
];

/** Number of test files in the first run of a mutant, which detects most of them. */
const FIRST = 3;

const root = fileURLToPath(new URL('..', import.meta.url));
process.chdir(root);
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    share: { type: 'string', default: '0.05' },
    seed: { type: 'string', default: '0' },
    minutes: { type: 'string', default: '60' },
    tests: { type: 'string', default: '6' },
    limit: { type: 'string', default: '180' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(help);
  process.exit(0);
}
const [share, minutes, most, limit] = [values.share, values.minutes, values.tests, values.limit].map(Number);
await mutate();

async function mutate() {
  const end = Date.now() + minutes * 60_000;
  const files = sources(positionals.length > 0 ? positionals : method);
  const all = files.flatMap((file) => {
    const text = readFileSync(file, 'utf8');
    return mutantsOf(text).map((edit) => ({ ...edit, file, text, drawn: draw(file, edit) }));
  });
  const mutants = all.filter(({ drawn }) => drawn < share).sort((a, b) => a.drawn - b.drawn);
  console.log(`${mutants.length} of ${all.length} mutants of ${files.length} files, seed ${values.seed}`);

  const tests = nearest([...new Set(mutants.map(({ file }) => file))]);
  const tried = [];
  const sound = new Set();
  for (const mutant of mutants) {
    if (Date.now() > end) break;
    const near = tests.get(mutant.file);
    const outcome = await outcomeOf(mutant, near);
    if (outcome === 'noticed' && !sound.has(mutant.file)) {
      // Tests that fail without a mutant, or do not start, cannot detect it.
      const without = await outcomeOf({ file: mutant.file, start: 0, end: 0, to: '' }, near);
      if (without !== 'survived') {
        console.error(`The tests of ${mutant.file} fail without a mistake: ${near.join(' ')}`);
        process.exitCode = 1;
        return;
      }
      sound.add(mutant.file);
    }
    tried.push({ ...mutant, outcome });
    if (outcome !== 'noticed') console.log(`${outcome.padEnd(9)} ${described(mutant)}`);
  }
  report(tried, mutants.length);
}

function sources(patterns) {
  const found = patterns.flatMap((pattern) => globSync(pattern)).map((path) => path.split(sep).join('/'));
  return [...new Set(found)].filter((file) => !/\.test\.ts$|\/testing\.ts$/.test(file)).sort();
}

/** A number from 0 to 1 that does not depend on the other mutants. */
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

/** @returns `noticed`, `survived`, or `late` when the tests did not end in time, as in an endless loop */
async function outcomeOf({ file, start, end, to }, tests) {
  const mutant = JSON.stringify({ path: join(root, file).split(sep).join('/'), start, end, to });
  const until = Date.now() + limit * 1000;
  for (const some of [tests.slice(0, FIRST), tests.slice(FIRST)]) {
    if (some.length === 0) continue;
    const passed = await vitest(some, { LEA_MUTANT: mutant }, until - Date.now());
    if (passed === undefined) return 'late';
    if (!passed) return 'noticed';
  }
  return 'survived';
}

/** @returns whether the tests passed; undefined when they took more than `most` milliseconds */
function vitest(tests, env, most) {
  const config = join('scripts', 'mutate', 'vitest.config.mjs');
  const child = spawn(
    process.execPath,
    [join('node_modules', 'vitest', 'vitest.mjs'), 'run', ...tests, '--config', config],
    {
      env: { ...process.env, ...env },
      stdio: 'ignore',
      detached: process.platform !== 'win32',
    },
  );
  // Kills its workers too, because a worker in an endless loop ignores signals to the parent.
  const stop = () => (process.platform === 'win32' ? child.kill() : process.kill(-child.pid, 'SIGKILL'));
  return new Promise((resolve) => {
    const late = setTimeout(stop, most);
    const cut = () => {
      stop();
      process.exit(130);
    };
    process.once('SIGINT', cut).once('SIGTERM', cut);
    child.on('close', (code) => {
      clearTimeout(late);
      process.off('SIGINT', cut).off('SIGTERM', cut);
      resolve(code === null ? undefined : code === 0);
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
        `${String(count('late')).padStart(4)} late${String(count('survived')).padStart(5)} survived`,
    );
  };
  for (const name of packages) line(name, tried.filter(({ file }) => file.split('/')[1] === name)); // biome-ignore format: one line
  line('all', tried);
  if (tried.length < drawn) console.log(`Time is up: ${drawn - tried.length} of the selected mutants were not tried.`);
}
