import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { loadLanguageModel } from '@lea/env';
import { afterEach, expect, test, vi } from 'vitest';
import { pretrainedDecoder } from '../testing/bench.ts';
import { withDownload } from './download.ts';

const ID = 'own/decoder';
const COMMIT = '0123456789abcdef0123456789abcdef01234567';

afterEach(() => vi.unstubAllEnvs());

/** Serves the files of a folder as the hub does, until `close`. */
async function hubOf(folder: string): Promise<{ endpoint: string; paths: string[]; close(): void }> {
  const paths: string[] = [];
  const siblings = readdirSync(folder).map((rfilename) => {
    const content = readFileSync(join(folder, rfilename));
    const blobId = createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');
    return { rfilename, size: content.length, blobId };
  });
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url!, 'http://here');
    paths.push(pathname);
    if (pathname === `/api/models/${ID}/revision/main`) response.end(JSON.stringify({ sha: COMMIT, siblings }));
    else response.end(readFileSync(join(folder, pathname.split('/').at(-1)!)));
  });
  await new Promise<void>((done) => void server.listen(0, '127.0.0.1', done));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { endpoint, paths, close: () => void server.close().closeAllConnections() };
}

function downloading() {
  let shown = '';
  const out = new Writable({
    write(chunk, _, done) {
      shown += String(chunk);
      done();
    },
  }) as unknown as NodeJS.WriteStream;
  const runs = mkdtempSync(join(tmpdir(), 'lea-runs-'));
  return { options: { runs, out, signal: new AbortController().signal }, shown: () => shown };
}

test('a decoder of the hub is downloaded once; later it needs no network', async () => {
  const own = await pretrainedDecoder(mkdtempSync(join(tmpdir(), 'lea-hub-')));
  const hub = await hubOf(own);
  vi.stubEnv('HF_ENDPOINT', hub.endpoint);
  const { options, shown } = downloading();
  const config = { tier: 'decoder' as const, model: ID, fit: { epochs: 3 } };
  const located = await withDownload(config, options);
  hub.close();
  expect(located).toEqual({ ...config, model: join(options.runs, 'models', ID) });
  expect((await loadLanguageModel(located.model)).hash).toBe((await loadLanguageModel(own)).hash);
  expect(shown()).toContain(`download ${ID}`);
  expect(readdirSync(join(options.runs, 'models', 'own'))).toEqual(['decoder']);
  const before = hub.paths.length;
  expect(await withDownload(config, options)).toEqual(located);
  expect(hub.paths).toHaveLength(before);
});

test('a download that fails leaves no model behind', async () => {
  const { options } = downloading();
  const empty = await hubOf(mkdtempSync(join(tmpdir(), 'lea-hub-')));
  vi.stubEnv('HF_ENDPOINT', empty.endpoint);
  await expect(withDownload({ tier: 'decoder', model: ID }, options)).rejects.toMatchObject({ code: 'E_HUB_FILES' });
  empty.close();
  expect(existsSync(join(options.runs, 'models', ID))).toBe(false);
});

test('paths, and models of other tiers, are left as they are', async () => {
  const { options } = downloading();
  vi.stubEnv('HF_ENDPOINT', 'http://127.0.0.1:1');
  for (const model of ['./own/decoder', '/own/decoder', 'models/decoder.gguf', 'decoder', 'a/b/c']) {
    const config = { tier: 'decoder' as const, model };
    expect(await withDownload(config, options)).toBe(config);
  }
  const encoder = { tier: 'encoder' as const, model: ID };
  expect(await withDownload(encoder, options)).toBe(encoder);
});
