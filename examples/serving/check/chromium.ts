import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { json } from 'node:stream/consumers';

const types: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
};

/**
 * The answer that the page `index.html` of a folder posts to `/answer` in a headless browser.
 *
 * @param command starts the browser
 * @param folders whose files the page may fetch; the first that has one gives it
 */
export async function askBrowser<Answer>(command: string, folders: readonly string[]): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const { pathname } = new URL(request.url!, 'http://localhost');
    if (pathname !== '/answer') {
      await send(folders, pathname === '/' ? '/index.html' : pathname, response);
      return;
    }
    const answer = (await json(request)) as Answer & { error?: string };
    response.end();
    if (answer.error) reject(new Error(answer.error));
    resolve(answer);
  };
  const server = createServer((request, response) => void serve(request, response).catch(reject));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const profile = await mkdtemp(join(tmpdir(), 'profile-'));
  const options = ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', `--user-data-dir=${profile}`];
  // A separate process group: the command may be a script that starts the browser, which starts other processes.
  const browser = spawn(command, [...options, url], { stdio: 'ignore', detached: true });
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
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function send([folder, ...others]: readonly string[], path: string, response: ServerResponse): Promise<void> {
  if (folder === undefined) {
    response.writeHead(404).end();
    return;
  }
  const file = createReadStream(join(folder, path));
  const found = await once(file, 'open').catch(() => undefined);
  if (!found) return send(others, path, response);
  response.setHeader('content-type', types[extname(path)] ?? 'application/octet-stream');
  file.pipe(response);
}
