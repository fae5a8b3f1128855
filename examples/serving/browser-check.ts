// Bundles a page with vite and esbuild and compares its results in headless Chromium with those of Node: baselines on a synthetic
// log, and recommendations of exported policies. Needs built packages:
// node --conditions=@lea/source browser-check.ts [--chromium chromium]
// Prints one line per bundler and the size of a serving bundle; the exit status is 1 on any difference, or above 4 MB.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bundlers, servingSize } from './check/bundles.ts';
import { askBrowser } from './check/chromium.ts';
import { differences } from './check/difference.ts';
import { evaluations } from './check/page/evaluations.ts';
import type { Answer } from './check/page/page.ts';
import { exportPolicies, histories, itemIds } from './check/policies.ts';

const MOST_BYTES = 4e6;

const { values: commands } = parseArgs({ options: { chromium: { type: 'string', default: 'chromium' } } });
const folder = await mkdtemp(join(tmpdir(), 'browser-'));
const folderOf = async (name: string) => {
  const made = join(folder, name);
  await mkdir(made);
  return made;
};
try {
  const policies = await folderOf('policies');
  const expected = await exportPolicies(policies);
  const queries = histories.map((history) => ({ history: history.map((item) => itemIds[item]!) }));
  await writeFile(join(policies, 'queries.json'), JSON.stringify({ names: Object.keys(expected), queries }));
  const evaluated = JSON.stringify(await evaluations());
  for (const [name, bundle] of Object.entries(bundlers)) {
    try {
      const site = await folderOf(name);
      await bundle(site);
      const answer = await askBrowser<Answer>(commands.chromium, [site, policies]);
      const lists = Object.entries(answer.lists).map(([policy, rows]) => [
        policy,
        rows.map((list) => list.map(({ id, score }) => ({ item: itemIds.indexOf(id), score }))),
      ]);
      const { wrong, told } = differences(expected, Object.fromEntries(lists));
      const same = answer.evaluated === evaluated;
      console.log(`${name} (${answer.version}): evaluations ${same ? 'equal' : 'differ'}; ${told}`);
      if (wrong > 0 || !same) process.exitCode = 1;
    } catch (error) {
      console.log(`${name}: ${error instanceof Error ? error.message : error}`);
      process.exitCode = 1;
    }
  }
  const { script, wasm } = await servingSize(await folderOf('size'));
  const [kilobytes, megabytes] = [script / 1e3, (script + wasm) / 1e6].map((size) => size.toFixed(2));
  console.log(
    `A page that serves: ${megabytes} MB gzipped, ${kilobytes} kB of it JavaScript, the rest ONNX Runtime's WebAssembly`,
  );
  if (script + wasm > MOST_BYTES) process.exitCode = 1;
} finally {
  await rm(folder, { recursive: true, maxRetries: 5 });
}
