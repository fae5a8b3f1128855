// Follows docs/guide/serve.md: train, save, serve over HTTP from a new process with the next day's catalog, and in a page.

import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { askBrowser } from '../../examples/serving/check/chromium.ts';
import { step } from '../packed.mjs';
import { readPage } from './page.mjs';
import { nextDay, shopFiles } from './shop.mjs';

export async function serve(user, { chromium }) {
  const { files, commands } = readPage('docs/guide/serve.md');
  const shop = shopFiles();
  user.write({ ...shop, ...files });
  const [install, train, start, observe, ...bundle] = commands;
  if (!step(`serve: ${install}`, user.type(install))) return;
  const trained = user.type(train);
  if (!step(`serve: ${train}`, trained)) return;

  const { gone, items } = nextDay(shop['items.csv']);
  user.write({ 'items.csv': items });
  const history = ['S112', 'S118'];
  const expected = JSON.parse(trained.stdout)
    .map(({ id }) => id)
    .filter((id) => !gone.includes(id) && !history.includes(id));
  const server = await user.serve(start, await freePort());
  try {
    const ask = async (...ids) => {
      const response = await fetch(`${server.url}?${new URLSearchParams(ids.map((id) => ['item', id]))}`);
      return (await response.json()).map(({ id }) => id);
    };
    check('the next day the same items are recommended, but for those that are gone', await ask(...history), expected);
    check('new items in a history are ignored', await ask('S900', ...history), expected);
    const said = user.type(observe.replace('http://localhost:8080/', server.url));
    step(`serve: ${observe}`, said);
    step('serve: all ids of the event are known', {
      status: said.stdout === '{"ignored":1}' ? 0 : 1,
      stdout: said.stdout,
    });
    const last = expected[4];
    const body = JSON.stringify({ history, item: last });
    for (let i = 0; i < 20; i++) await fetch(server.url, { method: 'POST', body });
    const [first] = await ask(...history);
    step('serve: the item that was chosen 20 times comes first', { status: first === last ? 0 : 1, stdout: first });
  } catch (error) {
    step('serve: it answers', { status: 1, error });
  } finally {
    await server.stop();
  }
  step('serve: the counts are saved at the end', {
    status: existsSync(join(user.folder, 'observed', 'policy.json')) ? 0 : 1,
  });

  for (const command of bundle) if (!step(`serve: ${command}`, user.type(command))) return;
  const site = join(user.folder, 'site');
  writeFileSync(join(site, 'index.html'), visitor({ history, candidates: idsOf(items) }));
  try {
    check('a page recommends the same items', (await askBrowser(chromium, [site])).ids, expected);
  } catch (error) {
    step('serve: a page answers', { status: 1, error });
  }
}

function idsOf(items) {
  return items.trim().split('\n').slice(1).map((row) => row.split(',')[0]); // biome-ignore format: one line
}

/** A page that calls the bundle and posts its answer. */
function visitor({ history, candidates }) {
  return `<!doctype html><script type="module">
const post = (answer) => fetch('/answer', { method: 'POST', body: JSON.stringify(answer) });
try {
  const { recommend } = await import('./page.js');
  const list = await recommend(${JSON.stringify(history)}, ${JSON.stringify(candidates)});
  await post({ ids: list.map(({ id }) => id) });
} catch (error) {
  await post({ error: String(error) });
}
</script>
`;
}

function check(what, list, expected) {
  const wanted = expected.slice(0, 5).join();
  step(`serve: ${what}`, { status: list.join() === wanted ? 0 : 1, stdout: `${list} instead of ${wanted}` });
}

async function freePort() {
  const server = createServer();
  await once(server.listen(0), 'listening');
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}
