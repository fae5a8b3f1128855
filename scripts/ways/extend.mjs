// Follows docs/extend.md, outside the repository. "Your package": a program and a package that share one copy of the toolkit. "In
// the bench": an agent, an encoder, a data set, a baseline and a measure in packages.
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readJson, root, step } from '../packed.mjs';
import { readPage } from './page.mjs';

const examples = join(root, 'examples');

export function extend(user) {
  const { files, commands } = readPage('docs/extend.md');
  program(user.beside('shop'), files, commands);
  const [install, bench] = commands.slice(commands.findIndex((command) => command.startsWith('npm i @lea/bench ')));
  for (const [name, folder] of [
    ['own-agent', 'mine'],
    ['own-data', 'my-data'],
  ]) {
    copyPackage(join(examples, name), join(user.folder, '..', folder));
  }
  const [agents, data] = ['own-agent', 'own-data'].map((name) => readJson(join(examples, name, 'bench.json')));
  cpSync(join(examples, 'own-data', data.dataset.file), join(user.folder, data.dataset.file));
  const config = {
    ...data,
    packages: [...agents.packages, ...data.packages],
    runs: [...data.runs, ...agents.runs].map((run) => ({ ...run, ...(run.train && { train: data.runs[0].train }) })),
  };
  user.write({ 'bench.json': JSON.stringify(config) });
  if (!step(`extend: ${install}`, user.type(install))) return;
  const ended = user.type(`${bench} --json`);
  if (!step(`extend: ${bench}`, ended)) return;
  const made = ended.stdout.trim().split('\n').map((line) => JSON.parse(line)); // biome-ignore format: one line
  const names = made.map(({ name }) => name).join(', ');
  const wanted = 'popularity, recent-popularity, CE, pool-CE, pool-IQL';
  step(`extend: ${wanted}`, { status: names === wanted ? 0 : 1, stdout: names });
  const isOwn = made.every(({ dataset, metrics }) => dataset === data.dataset.type && metrics['rbp@10'] > 0);
  step('extend: the data set and the measure are those of the package', { ...ended, status: isOwn ? 0 : 1 });
}

/** A program that uses an own package, with one copy of the toolkit and with two. */
function program(shop, files, commands) {
  const mine = join(shop.folder, 'mine');
  cpSync(join(examples, 'own-agent', 'src'), join(mine, 'src'), { recursive: true });
  const main =
    "import { agentTypes } from '@lea/agents';\nimport { iql } from 'mine';\nconsole.log(agentTypes().includes(iql.type));\n";
  shop.write({ ...files, 'main.ts': main });
  for (const command of commands.slice(0, 2)) if (!step(`extend: ${command}`, shop.type(command))) return;
  const made = shop.type('node main.ts');
  step('extend: a program finds the types of the package', { ...made, status: made.stdout === 'true\n' ? 0 : 1 });
  const tests = shop.type('npx vitest run mine/src/iql.test.ts -t hand');
  step('extend: the test by hand runs', tests);
  // Copies of the toolkit beside the package, as npm i in its folder would install them.
  for (const name of ['agents', 'core', 'data', 'tensor']) {
    cpSync(join(shop.folder, 'node_modules', '@lea', name), join(mine, 'node_modules', '@lea', name), {
      recursive: true,
    });
  }
  const twice = shop.type('node main.ts');
  const isClear = /E_SECOND_COPY/.test(twice.stderr) && !/already registered/.test(twice.stderr + twice.stdout);
  step('extend: a second copy is refused', { ...twice, status: isClear ? 0 : 1 });
}

/** The sources of an example, as a package outside the repository. */
function copyPackage(from, to) {
  const { name, version, type, exports } = readJson(join(from, 'package.json'));
  mkdirSync(to, { recursive: true });
  cpSync(join(from, 'src'), join(to, 'src'), { recursive: true });
  writeFileSync(join(to, 'package.json'), JSON.stringify({ name, version, type, exports }));
}
