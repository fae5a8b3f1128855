import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { json } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { Answers } from './answers.ts';

/** A page that answers with what `recommend.js` gives for every policy. */
const page = (names: readonly string[]) => `<!doctype html>
<script type="importmap">{ "imports": { "onnxruntime-web/wasm": "/ort/ort.wasm.bundle.min.mjs" } }</script>
<script type="module">
const post = (answer) => fetch('/answer', { method: 'POST', body: JSON.stringify(answer) });
try {
  const { env } = await import('onnxruntime-web/wasm');
  const { openPolicy } = await import('/recommend.js');
  const histories = await (await fetch('/histories.json')).json();
  const lists = {};
  for (const name of ${JSON.stringify(names)}) {
    const recommend = await openPolicy('/' + name + '/policy.onnx');
    lists[name] = await recommend(histories);
  }
  await post({ version: 'onnxruntime-web ' + env.versions.web, lists });
} catch (error) {
  await post({ error: String(error) });
}
</script>`;

const types: Record<string, string> = {
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
};
const ort = fileURLToPath(new URL('.', import.meta.resolve('onnxruntime-web/wasm')));

/** What `recommend.js` answers in a headless browser, for each policy in turn. */
export async function askBrowser(command: string, folder: string, names: readonly string[]): Promise<Answers> {
  const { promise, resolve, reject } = Promise.withResolvers<Answers>();
  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const path = new URL(request.url!, 'http://localhost').pathname;
    if (path === '/answer') {
      const answer = (await json(request)) as Answers & { error?: string };
      if (answer.error) reject(new Error(answer.error));
      resolve(answer);
      response.end();
    } else if (path === '/') {
      response.setHeader('content-type', 'text/html').end(page(names));
    } else {
      const file = path.startsWith('/ort/')
        ? join(ort, path.slice(5))
        : join(path === '/recommend.js' ? join(import.meta.dirname, '..') : folder, path);
      response.setHeader('content-type', types[extname(path)] ?? 'application/octet-stream');
      createReadStream(file)
        .on('error', () => response.writeHead(404).end())
        .pipe(response);
    }
  };
  const server = createServer((request, response) => void serve(request, response).catch(reject));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  // A group of its own: the command may be a script that starts the browser, which starts others.
  const browser = spawn(
    command,
    [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--no-first-run',
      `--user-data-dir=${join(folder, 'profile')}`,
      url,
    ],
    { stdio: 'ignore', detached: true },
  );
  browser.on('error', reject);
  browser.on('exit', (code) => reject(new Error(`${command} ended with status ${code} before the page answered`)));
  const timer = setTimeout(() => reject(new Error('the page has not answered within 2 minutes')), 120_000);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    const gone = browser.exitCode === null && browser.pid !== undefined && once(browser, 'exit');
    if (gone) process.kill(-browser.pid!);
    await gone;
    server.closeAllConnections();
    server.close();
  }
}
