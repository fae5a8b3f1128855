import { createHash } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { type Call, COMPLETE, downloads, fakeHub, files, ID, large, MODEL, sendFile, weights } from './testing.ts';

// No wait is kept.
vi.mock('../../shared/waits.ts', async (original) => ({
  ...(await original<typeof import('../../shared/waits.ts')>()),
  pause: async () => {},
}));

const at = downloads();
const { download, failure, there } = at;

test('a cut connection is gone on with, within a call and in the next one', async () => {
  const third = Math.floor(weights.length / 3);
  const cuts = [third, 2 * third];
  const cutting = {
    [MODEL]: ({ response, content, n, range }: Call) => {
      if (n >= cuts.length) return false;
      sendFile(response, content, range, cuts[n]);
      return true;
    },
  };
  at.hub = await fakeHub(ID, files, { large, behaviors: cutting });
  const error = await failure({ retries: 0 });
  expect(error).toMatchObject({ code: 'E_DOWNLOAD' });
  expect(error.hint).toContain('Call again to resume');
  expect((await there()).find((name) => name.endsWith('.part'))).toMatch(/^model\.safetensors\.[0-9a-f]{12}\.part$/);
  expect(await there()).not.toContain(MODEL);

  await download({ retries: 1 });
  expect(await there()).toEqual(COMPLETE);
  expect(await readFile(join(at.dir, MODEL))).toEqual(weights);
  const ranges = at.hub.requests.filter(({ path }) => path.endsWith(MODEL)).map(({ range }) => range);
  expect(ranges).toEqual([undefined, `bytes=${third}-`, `bytes=${2 * third}-`]);
});

test('a server without ranges sends all again', async () => {
  const half = Math.floor(weights.length / 2);
  const stubborn = {
    [MODEL]: ({ response, content, n }: Call) => {
      sendFile(response, content, undefined, n === 0 ? half : undefined);
      return true;
    },
  };
  at.hub = await fakeHub(ID, files, { large, behaviors: stubborn });
  await download();
  expect(await readFile(join(at.dir, MODEL))).toEqual(weights);
});

test('a part that is already whole, or too long, or of another content', async () => {
  at.hub = await fakeHub(ID, files, { large });
  await download();
  const name = `${MODEL}.${createHash('sha256').update(weights).digest('hex').slice(0, 12)}.part`;
  for (const part of [weights, Buffer.concat([weights, Buffer.alloc(5)]), Buffer.alloc(100, 7)]) {
    await rm(join(at.dir, MODEL));
    await writeFile(join(at.dir, name), part);
    await download();
    expect(await readFile(join(at.dir, MODEL))).toEqual(weights);
    expect(await there()).toEqual(COMPLETE);
  }
});

test('a wrong checksum leaves nothing behind; it may be right the next time', async () => {
  const garbled = Buffer.from(weights);
  garbled[5000]! ^= 1;
  let wrong = Number.POSITIVE_INFINITY;
  const lying = {
    [MODEL]: ({ response, n }: Call) => {
      if (n >= wrong) return false;
      sendFile(response, garbled, undefined);
      return true;
    },
  };
  at.hub = await fakeHub(ID, files, { large, behaviors: lying });
  const error = await failure({ retries: 1 });
  expect(error).toMatchObject({ code: 'E_DOWNLOAD_CHECKSUM' });
  expect(await there()).toEqual(COMPLETE.filter((name) => name !== MODEL));
  wrong = 3;
  await download({ retries: 1 });
  expect(await readFile(join(at.dir, MODEL))).toEqual(weights);
});

test('small files are checked by the id that git gives them, or by an entity tag where the list says nothing', async () => {
  const lying = {
    'config.json': ({ response }: Call) => {
      response.end('{"model_type":"evil"}'.padEnd(files['config.json']!.length));
      return true;
    },
  };
  at.hub = await fakeHub(ID, files, { large, behaviors: lying });
  expect(await failure({ retries: 0 })).toMatchObject({ code: 'E_DOWNLOAD_CHECKSUM' });
  await at.hub.close();

  const bare = ({ rfilename }: Record<string, unknown>) => ({ rfilename });
  const tagged = {
    'config.json': ({ response }: Call) => {
      response.setHeader('etag', `"${'a'.repeat(40)}"`);
      return false;
    },
  };
  at.hub = await fakeHub(ID, files, { entry: bare, behaviors: tagged });
  expect(await failure({ retries: 0 })).toMatchObject({ code: 'E_DOWNLOAD_CHECKSUM' });
  await at.hub.close();

  at.hub = await fakeHub(ID, files, { entry: bare });
  await download();
  expect(await there()).toEqual(COMPLETE);
});

test('a file that never ends is not written on and on', async () => {
  const endless = {
    [MODEL]: ({ response }: Call) => {
      const more = (): void => {
        if (response.destroyed) return;
        response.write(Buffer.alloc(65536));
        setTimeout(more, 1);
      };
      more();
      return true;
    },
  };
  at.hub = await fakeHub(ID, files, { large, behaviors: endless });
  const error = await failure({ retries: 0 });
  expect(error.message).toContain(`more than the expected ${weights.length} bytes`);
});

test('a silent server is given up', async () => {
  at.hub = await fakeHub(ID, files, { large, behaviors: { [MODEL]: () => true } });
  const error = await failure({ retries: 0, timeout: 100 });
  expect(error).toMatchObject({ code: 'E_DOWNLOAD' });
  expect(error.message).toContain('no data for 100 ms');
});

test('redirects are followed; the token does not go to another host', async () => {
  const seen: (string | undefined)[] = [];
  const store = createServer((request, response) => {
    seen.push(request.headers.authorization);
    sendFile(response, weights, request.headers.range);
  });
  await new Promise<void>((done) => void store.listen(0, '127.0.0.1', done));
  const location = `http://localhost:${(store.address() as AddressInfo).port}/blob`;
  const moved = {
    [MODEL]: ({ response }: Call) => {
      response.writeHead(302, { location }).end();
      return true;
    },
  };
  at.hub = await fakeHub(ID, files, { large, behaviors: moved });
  await download({ token: 'hf_secret' });
  expect(await readFile(join(at.dir, MODEL))).toEqual(weights);
  expect(seen).toEqual([undefined]);
  store.closeAllConnections();
  await new Promise((done) => void store.close(done));
});

test('can be cut while a file arrives, and gone on with', async () => {
  const stop = new AbortController();
  at.hub = await fakeHub(ID, files, {
    large,
    behaviors: {
      [MODEL]: ({ response, content, n }) => {
        if (n > 0) return false;
        response.writeHead(200, { 'content-length': content.length });
        response.write(content.subarray(0, 1000), () => void setTimeout(() => stop.abort(), 50));
        return true;
      },
    },
  });
  await expect(download({ signal: stop.signal })).rejects.toThrow('abort');
  expect(await there()).not.toContain(MODEL);
  await download();
  expect(at.hub.requests.at(-1)!.range).toBe('bytes=1000-');
  expect(await readFile(join(at.dir, MODEL))).toEqual(weights);
});
