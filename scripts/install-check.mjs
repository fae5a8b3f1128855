// Installs packages as users do: packed, with npm, in an empty project; runs the example of their README and checks its
// types; uses its kit for tests where it has one. `node scripts/install-check.mjs [names...]`; without names, those in
// `usual`. One line per check, exit code 0 or 1.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
/** Without env, whose example trains a language model for minutes. */
const usual = ['core', 'data', 'tensor', 'agents', 'eval', 'train'];

/** Node's resolution and strict types, those of declarations included. */
const compilerOptions = {
  module: 'nodenext',
  target: 'es2023',
  lib: ['es2024'],
  types: ['node'],
  strict: true,
  skipLibCheck: false,
  noEmit: true,
};

/** Tests of somebody who uses a package's `testing` entry, by package. */
const kits = {
  agents: `import { ce, defineAgent } from '@lea/agents';
import { testAgent } from '@lea/agents/testing';
testAgent(defineAgent({ type: 'mine', defaults: { lr: 0.01 }, build: (options, encoder) => ce(options)(encoder) }));
`,
};

/** Vitest's command line, in a project. */
const vitest = join('node_modules', 'vitest', 'vitest.mjs');

const names = process.argv.length > 2 ? process.argv.slice(2) : usual;
const packages = Object.fromEntries(readdirSync(join(root, 'packages')).map((folder) => [folder, manifest(folder)]));
const unknown = names.find((name) => !packages[name]);
if (unknown) {
  console.error(`There is no package "${unknown}". There are: ${Object.keys(packages).join(', ')}.`);
  process.exit(1);
}

const work = mkdtempSync(join(tmpdir(), 'lea-install-'));
let failed = 0;
try {
  const needed = [...new Set(names.flatMap(closure))];
  const tarballs = pack(needed);
  const runtime = packRuntime();
  for (const name of names) check(name, tarballs, runtime);
} finally {
  rmSync(work, { recursive: true, force: true });
}
process.exit(failed > 0 ? 1 : 0);

function manifest(folder) {
  return JSON.parse(readFileSync(join(root, 'packages', folder, 'package.json'), 'utf8'));
}

/** A package and the packages of this repository that it depends on. */
function closure(name) {
  const own = Object.keys(packages[name].dependencies ?? {}).filter((dependency) => dependency.startsWith('@lea/'));
  return [...new Set([name, ...own.flatMap((dependency) => closure(dependency.slice('@lea/'.length)))])];
}

/** Builds and packs; gives the files by package. */
function pack(folders) {
  const filters = folders.map((folder) => `--filter=@lea/${folder}`);
  step('build', run('pnpm', ['exec', 'turbo', 'run', 'build', ...filters, '--output-logs=errors-only']));
  const packed = folders.map((folder) => {
    const destination = join(work, 'packed', folder);
    mkdirSync(destination, { recursive: true });
    const cwd = join(root, 'packages', folder);
    step(`@lea/${folder} packs`, run('pnpm', ['pack', '--pack-destination', destination], { cwd }));
    return [folder, join(destination, readdirSync(destination)[0])];
  });
  return Object.fromEntries(packed);
}

/** ONNX Runtime for this machine, which comes with @lea/tensor. */
function packRuntime() {
  const platform = `${process.platform}-${process.arch}`;
  const destination = join(work, 'packed', platform);
  const cwd = join(root, 'runtimes', platform);
  mkdirSync(destination, { recursive: true });
  step(`@lea/onnxruntime-${platform} packs`, run('pnpm', ['pack', '--pack-destination', destination], { cwd }));
  return join(destination, readdirSync(destination)[0]);
}

/** Installs one package alone, as its README says. */
function check(name, tarballs, runtime) {
  const project = join(work, name);
  mkdirSync(project);
  const readme = readFileSync(join(root, 'packages', name, 'README.md'), 'utf8');
  const dependencies = readme.match(/npm i (.*)/)[1].split(' ');
  const others = dependencies.filter((dependency) => !dependency.startsWith('@lea/'));
  // What is of this repository may not be on the registry yet: its packed form takes its place.
  const own = dependencies.flatMap((d) => (d.startsWith('@lea/') ? closure(d.slice('@lea/'.length)) : []));
  const files = [...new Set(own)].map((folder) => tarballs[folder]);
  if (own.includes('tensor')) files.push(runtime);
  const dev = (kits[name] ? ['@types/node', 'vitest'] : ['@types/node']).map((d) => `${d}@${devVersion(d)}`);
  const sources = {
    'example.ts': readme.match(/```ts\n(.*?)```/s)[1],
    ...(kits[name] && { 'kit.test.ts': kits[name] }),
  };
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'empty', private: true, type: 'module' }));
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: Object.keys(sources) }));
  for (const [file, source] of Object.entries(sources)) writeFileSync(join(project, file), source);

  const install = ['install', '--no-audit', '--no-fund', ...files, ...others, ...dev];
  if (!step(`@lea/${name} installs`, run('npm', install, { cwd: project }))) return;
  step(`@lea/${name}: the example of its README runs`, run(process.execPath, ['example.ts'], { cwd: project }));
  if (kits[name]) step(`@lea/${name}/testing: its kit runs`, run(process.execPath, [vitest, 'run'], { cwd: project }));
  step(`@lea/${name}: types`, typecheck(project));
}

/** Declarations of other makes are read but not judged: those of tfjs want the types of a browser. */
function typecheck(cwd) {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const { stdout, ...result } = run(process.execPath, [tsc, '-p', '.', '--pretty', 'false'], { cwd });
  const lines = stdout.split('\n').filter(Boolean);
  const ours = lines.filter((line) => !/^( |node_modules\/(?!@lea\/))/.test(line));
  const crashed = result.status !== 0 && lines.length === 0;
  return { ...result, stdout: ours.join('\n'), status: crashed || ours.length > 0 ? 1 : 0 };
}

function devVersion(name) {
  return JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8')).version;
}

function run(command, args, options = {}) {
  // Neither the conditions of this repository nor its workspace reach the child.
  const { NODE_OPTIONS: _, ...env } = process.env;
  const shell = process.platform === 'win32' && command !== process.execPath;
  return spawnSync(command, args, { cwd: root, env, encoding: 'utf8', shell, ...options });
}

function step(name, { status, stdout, stderr, error }) {
  console.log(`${status === 0 ? 'ok    ' : 'FAILED'} ${name}`);
  if (status === 0) return true;
  failed++;
  console.log(`${stdout ?? ''}${stderr ?? ''}${error?.message ?? ''}`.trimEnd().replace(/^/gm, '       '));
  return false;
}
