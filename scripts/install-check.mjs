// Installs packages as users do: packed, with npm and its scripts, in an empty project. Runs the code of each README verbatim, as
// JavaScript on every Node in `nodes`, and checks it as strict TypeScript. Node 20 must be refused by name. Uses a package's
// testing entry if it has one, and runs the installed bench. `node scripts/install-check.mjs [names...]`; by default those in
// `usual`; `all` means all packages.
// Prints one line per check; the exit code is 0 or 1.
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { counts, folders, installable, pack, packages, readJson, root, run, step } from './packed.mjs';

/** Without env, whose example trains a language model for minutes. */
const usual = ['core', 'data', 'tensor', 'agents', 'eval', 'train'];

/** Major versions of Node that packages run on. */
const nodes = ['22', '24'];

/** A version that the packages refuse by name. */
const refused = '20';

/** How users compile: with the module resolution and the types of Node, and for browsers with those of bundlers. */
const resolutions = {
  nodenext: { module: 'nodenext', types: ['node'] },
  bundler: { module: 'esnext', moduleResolution: 'bundler', types: [] },
};

/** What `tsc --init` sets, and the types in declaration files. */
const compilerOptions = {
  target: 'es2023',
  lib: ['es2023', 'dom'],
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: false,
  noEmit: true,
};

/** Tests that use a package's `testing` entry, by package. */
const kits = {
  agents: `import { ce, defineAgent } from '@lea/agents';
import { testAgent } from '@lea/agents/testing';
import { option, positive } from '@lea/core';
testAgent(defineAgent({ type: 'mine', schema: { lr: option(positive, 0.01) }, build: (options, encoder) => ce({ encoder, ...options }) }));
`,
};

/** Vitest's command line, in a project. */
const vitest = join('node_modules', 'vitest', 'vitest.mjs');

const given = process.argv.slice(2);
const names = given.length === 0 ? usual : given.includes('all') ? Object.keys(packages) : given;
const unknown = names.find((name) => !packages[name]);
if (unknown) {
  console.error(`Expected a known package, got "${unknown}". The packages are: ${Object.keys(packages).join(', ')}.`);
  process.exit(1);
}

const work = mkdtempSync(join(tmpdir(), 'lea-install-'));
try {
  const packed = pack(names, work);
  const binaries = Object.fromEntries(nodes.map((version) => [version, nodeOf(version)]));
  const old = nodeOf(refused);
  for (const name of names) (name === 'bench' ? checkBench : check)(name, packed, binaries, old);
} finally {
  rmSync(work, { recursive: true, force: true });
}
process.exit(counts.failed > 0 ? 1 : 0);

/** The binary of a major version of Node, from npm. */
function nodeOf(version) {
  const exec = ['exec', '--yes', `--package=node@${version}`, '--', 'node', '-p', 'process.execPath'];
  return run('npm', exec, { cwd: work }).stdout.trim().split('\n').at(-1);
}

/** Installs one package alone, as its README says. */
function check(name, packed, binaries, old) {
  const project = join(work, name);
  mkdirSync(project);
  const readme = readFileSync(join(root, folders[name], 'README.md'), 'utf8');
  const dependencies = readme.match(/npm i (.*)/)[1].split(' ');
  const dev = (kits[name] ? ['@types/node', 'vitest'] : ['@types/node']).map((d) => `${d}@${devVersion(d)}`);
  const code = readme.match(/```(?:ts|js)\n(.*?)```/s)[1];
  const types = { 'example.ts': code, ...(kits[name] && { 'kit.test.ts': kits[name] }) };
  const sources = { ...types, 'example.mjs': stripTypeScriptTypes(code) };
  for (const [kind, options] of Object.entries(resolutions)) {
    sources[`tsconfig.${kind}.json`] = JSON.stringify({
      compilerOptions: { ...compilerOptions, ...options },
      files: Object.keys(types),
    });
  }
  if (!install(project, dependencies, packed, dev, sources)) return;
  for (const [version, node] of Object.entries(binaries)) {
    step(`@lea/${name}: the code of its README runs on Node ${version}`, run(node, ['example.mjs'], { cwd: project }));
  }
  const told = run(old, ['example.mjs'], { cwd: project });
  step(`@lea/${name}: Node ${refused} is refused`, { ...told, status: told.stderr.includes('E_NODE_VERSION') ? 0 : 1 });
  if (kits[name]) step(`@lea/${name}/testing: its kit runs`, run(process.execPath, [vitest, 'run'], { cwd: project }));
  for (const kind of Object.keys(resolutions)) step(`@lea/${name}: types (${kind})`, typecheck(project, kind));
}

/** Runs the installed bench with a user's config and a user's package, which is linked as docs/extend.md says. */
function checkBench(name, packed, binaries) {
  const project = join(work, name);
  const mine = join(work, 'mine');
  mkdirSync(project);
  cpSync(join(root, 'examples', 'own-agent', 'src'), join(mine, 'src'), { recursive: true });
  const { name: own, version, type, exports } = readJson(join(root, 'examples', 'own-agent', 'package.json'));
  writeFileSync(join(mine, 'package.json'), JSON.stringify({ name: own, version, type, exports }));
  const config = readFileSync(join(root, 'examples', 'own-agent', 'bench.json'), 'utf8');
  if (!install(project, ['@lea/bench', '../mine'], packed, [], { 'bench.json': config })) return;
  for (const [version, node] of Object.entries(binaries)) {
    const bench = [join('node_modules', '@lea', 'bench', 'dist', 'main.js'), 'run', 'bench.json', '--json'];
    const made = run(node, [...bench, '--runs', `runs-${version}`], { cwd: project });
    const lines = made.stdout?.trim().split('\n') ?? [];
    step(`@lea/bench: own agents of a linked package on Node ${version}`, {
      ...made,
      status: made.status || (lines.length === 3 ? 0 : 1),
    });
  }
}

/** An empty project with packages, and their size on disk. */
function install(project, dependencies, packed, dev, sources) {
  const name = basename(project);
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'empty', private: true, type: 'module' }));
  for (const [file, source] of Object.entries(sources)) writeFileSync(join(project, file), source);
  const quiet = ['--no-audit', '--no-fund'];
  if (
    !step(
      `@lea/${name} installs`,
      run('npm', ['install', ...quiet, ...installable(dependencies, packed)], { cwd: project }),
    )
  )
    return false;
  console.log(`       ${megabytes(join(project, 'node_modules'))} MB in node_modules`);
  return (
    dev.length === 0 || step(`@lea/${name}: tools`, run('npm', ['install', '-D', ...quiet, ...dev], { cwd: project }))
  );
}

function megabytes(folder) {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Math.round(files.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0) / 1e6);
}

/** Ignores errors in declarations of others: those of tfjs and of browsers both declare WebGPU. */
function typecheck(cwd, kind) {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const { stdout, ...result } = run(process.execPath, [tsc, '-p', `tsconfig.${kind}.json`, '--pretty', 'false'], {
    cwd,
  });
  const lines = stdout.split('\n').filter(Boolean);
  const ours = lines.filter((line) => !/^( |node_modules\/(?!@lea\/)|\S*\/typescript\/lib\/lib\.)/.test(line));
  const crashed = result.status !== 0 && lines.length === 0;
  return { ...result, stdout: ours.join('\n'), status: crashed || ours.length > 0 ? 1 : 0 };
}

function devVersion(name) {
  return readJson(join(root, 'node_modules', name, 'package.json')).version;
}
