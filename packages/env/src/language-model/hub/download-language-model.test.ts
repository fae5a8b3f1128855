import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import type { LeaError } from '@lea/core';
import { readSafetensors, writeSafetensors } from '@lea/tensor';
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { EnvironmentEvent } from '../../shared/events.ts';
import { follow, letterTokenizer } from '../../testing.ts';
import { loadLanguageModel } from '../load-language-model.ts';
import { type DownloadOptions, downloadLanguageModel } from './download-language-model.ts';
import { type Call, type FakeHub, fakeHub, sendFile } from './testing.ts';

/** Waits that were asked for: none of them is kept to. */
const waits = vi.hoisted((): number[] => []);
vi.mock('../../shared/waits.ts', async (original) => ({
  ...(await original<typeof import('../../shared/waits.ts')>()),
  pause: async (milliseconds: number) => void waits.push(milliseconds),
}));

const ID = 'someone/tiny-llama';
const MODEL = 'model.safetensors';
const files: Record<string, Buffer> = {};
let weights: Buffer;
let hub: FakeHub | undefined;
let dir = '';

beforeAll(async () => {
  const fixture = (name: string): string =>
    fileURLToPath(new URL(`../../fixtures/decoders/llama/${name}`, import.meta.url));
  files['config.json'] = await readFile(fixture('config.json'));
  files['tokenizer.json'] = Buffer.from(JSON.stringify(letterTokenizer()));
  files['tokenizer_config.json'] = Buffer.from('{"bos_token":"<s>","eos_token":"</s>"}');
  weights = await readFile(fixture(MODEL));
  files[MODEL] = weights;
  files['README.md'] = Buffer.from('not asked for');
  files['onnx/model.onnx'] = Buffer.from('not asked for');
});

beforeEach(async () => {
  dir = join(await mkdtemp(join(tmpdir(), 'lea-hub-')), 'models', 'tiny');
  waits.length = 0;
});
afterEach(async () => {
  await hub?.close();
  hub = undefined;
  await rm(join(dir, '..', '..'), { recursive: true });
});

const large = [MODEL];

async function download(options: Partial<DownloadOptions> = {}): Promise<EnvironmentEvent[]> {
  const steps: EnvironmentEvent[] = [];
  const work = downloadLanguageModel(ID, { dir, endpoint: hub!.endpoint, retries: 2, ...options });
  expect(await follow(work, (step) => void steps.push(step))).toBe(dir);
  return steps;
}

const failure = (options: Partial<DownloadOptions> = {}): Promise<LeaError> =>
  download(options).then(
    () => expect.fail('it should fail'),
    (error: unknown) => error as LeaError,
  );

const there = async (): Promise<string[]> => (await readdir(dir).catch(() => [])).sort();
const COMPLETE = ['config.json', MODEL, 'tokenizer.json', 'tokenizer_config.json'];

test('brings what a decoder needs, says how far it is, and does nothing twice', async () => {
  hub = await fakeHub(ID, files, { large });
  const steps = await download({ token: 'hf_secret' });
  expect(await there()).toEqual(COMPLETE);
  const total = COMPLETE.reduce((sum, name) => sum + files[name]!.length, 0);
  expect(steps.at(-1)).toEqual({ stage: 'download', done: total, total, unit: 'bytes', file: MODEL });
  expect(steps.map(({ done }) => done)).toEqual(steps.map(({ done }) => done).sort((a, b) => a - b));
  expect((await loadLanguageModel(dir)).config.width).toBe(32);
  expect(hub.requests.every(({ authorization }) => authorization === 'Bearer hf_secret')).toBe(true);
  for (const name of COMPLETE) expect(await readFile(join(dir, name))).toEqual(files[name]);

  // The second time only the list is asked for. A file that was changed meanwhile is brought again.
  const before = hub.requests.length;
  await download();
  expect(hub.requests.length).toBe(before + 1);
  await writeFile(join(dir, 'config.json'), '{}');
  await download();
  expect(hub.requests.slice(before + 2).map(({ path }) => path.split('/').at(-1))).toEqual(['config.json']);
});

test('shards: the files that the index names, and no others', async () => {
  const parts = await mkdtemp(join(tmpdir(), 'lea-shards-'));
  await writeFile(join(parts, 'all'), weights);
  const entries = Object.entries((await readSafetensors(join(parts, 'all'))).tensors);
  const sharded: Record<string, Buffer> = { ...files, 'consolidated.safetensors': weights };
  delete sharded[MODEL];
  const names = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'];
  const map: Record<string, string> = {};
  for (const [i, name] of names.entries()) {
    const part = Object.fromEntries(entries.filter((_, n) => n % 2 === i));
    for (const key of Object.keys(part)) map[key] = name;
    await writeSafetensors(join(parts, name), part);
    sharded[name] = await readFile(join(parts, name));
  }
  sharded['model.safetensors.index.json'] = Buffer.from(JSON.stringify({ weight_map: map }));
  await rm(parts, { recursive: true });
  hub = await fakeHub(ID, sharded, { large: names });
  await download();
  const expected = ['config.json', ...names, 'model.safetensors.index.json', 'tokenizer.json', 'tokenizer_config.json'];
  expect(await there()).toEqual(expected.sort());
  expect((await loadLanguageModel(dir)).config.width).toBe(32);
});

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
  hub = await fakeHub(ID, files, { large, behaviors: cutting });
  const error = await failure({ retries: 0 });
  expect(error).toMatchObject({ code: 'E_DOWNLOAD' });
  expect(error.hint).toContain('Call again to resume');
  expect((await there()).find((name) => name.endsWith('.part'))).toMatch(/^model\.safetensors\.[0-9a-f]{12}\.part$/);
  expect(await there()).not.toContain(MODEL);

  await download({ retries: 1 });
  expect(await there()).toEqual(COMPLETE);
  expect(await readFile(join(dir, MODEL))).toEqual(weights);
  const ranges = hub.requests.filter(({ path }) => path.endsWith(MODEL)).map(({ range }) => range);
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
  hub = await fakeHub(ID, files, { large, behaviors: stubborn });
  await download();
  expect(await readFile(join(dir, MODEL))).toEqual(weights);
});

test('a part that is already whole, or too long, or of another content', async () => {
  hub = await fakeHub(ID, files, { large });
  await download();
  const name = `${MODEL}.${createHash('sha256').update(weights).digest('hex').slice(0, 12)}.part`;
  for (const part of [weights, Buffer.concat([weights, Buffer.alloc(5)]), Buffer.alloc(100, 7)]) {
    await rm(join(dir, MODEL));
    await writeFile(join(dir, name), part);
    await download();
    expect(await readFile(join(dir, MODEL))).toEqual(weights);
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
  hub = await fakeHub(ID, files, { large, behaviors: lying });
  const error = await failure({ retries: 1 });
  expect(error).toMatchObject({ code: 'E_DOWNLOAD_CHECKSUM' });
  expect(await there()).toEqual(COMPLETE.filter((name) => name !== MODEL));
  wrong = 3;
  await download({ retries: 1 });
  expect(await readFile(join(dir, MODEL))).toEqual(weights);
});

test('small files are checked by the id that git gives them, or by an entity tag where the list says nothing', async () => {
  const lying = {
    'config.json': ({ response }: Call) => {
      response.end('{"model_type":"evil"}'.padEnd(files['config.json']!.length));
      return true;
    },
  };
  hub = await fakeHub(ID, files, { large, behaviors: lying });
  expect(await failure({ retries: 0 })).toMatchObject({ code: 'E_DOWNLOAD_CHECKSUM' });
  await hub.close();

  const bare = ({ rfilename }: Record<string, unknown>) => ({ rfilename });
  const tagged = {
    'config.json': ({ response }: Call) => {
      response.setHeader('etag', `"${'a'.repeat(40)}"`);
      return false;
    },
  };
  hub = await fakeHub(ID, files, { entry: bare, behaviors: tagged });
  expect(await failure({ retries: 0 })).toMatchObject({ code: 'E_DOWNLOAD_CHECKSUM' });
  await hub.close();

  hub = await fakeHub(ID, files, { entry: bare });
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
  hub = await fakeHub(ID, files, { large, behaviors: endless });
  const error = await failure({ retries: 0 });
  expect(error.message).toContain(`more than the expected ${weights.length} bytes`);
});

test('a silent server is given up', async () => {
  hub = await fakeHub(ID, files, { large, behaviors: { [MODEL]: () => true } });
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
  hub = await fakeHub(ID, files, { large, behaviors: moved });
  await download({ token: 'hf_secret' });
  expect(await readFile(join(dir, MODEL))).toEqual(weights);
  expect(seen).toEqual([undefined]);
  store.closeAllConnections();
  await new Promise((done) => void store.close(done));
});

test('overload passes, a missing model and a closed one do not', async () => {
  // A wait of nothing, or one that is over, is none.
  const asked = ['0', 'Mon, 01 Jan 2024 00:00:00 GMT', '3', '3600'];
  const busy = ({ response, n }: Call) => {
    if (n >= asked.length) return false;
    response.writeHead(503, { 'retry-after': asked[n] }).end();
    return true;
  };
  hub = await fakeHub(ID, files, { large, listing: busy, behaviors: { 'config.json': busy } });
  await download({ retries: 4 });
  expect(await there()).toEqual(COMPLETE);
  expect(waits).toEqual([200, 400, 3000, 60_000, 200, 400, 3000, 60_000]);
  await expect(downloadLanguageModel('no/such', { dir, endpoint: hub.endpoint })).rejects.toMatchObject({
    code: 'E_HUB_MISSING',
  });
  await expect(download({ revision: 'v9' })).rejects.toThrow('revision "v9"');
  await hub.close();

  const answer =
    (status: number) =>
    ({ response }: Call) => {
      response.writeHead(status).end();
      return true;
    };
  hub = await fakeHub(ID, files, { listing: answer(403) });
  const closed = await failure({ token: 'hf_secret' });
  expect(closed).toMatchObject({ code: 'E_HUB_ACCESS' });
  expect(closed.message).not.toContain('hf_secret');
  await hub.close();
  hub = await fakeHub(ID, files, { listing: answer(418) });
  expect(await failure()).toMatchObject({ code: 'E_HUB_ANSWER' });
});

const NO_LISTS = [
  '',
  '<html>busy, hf_secret',
  '[]',
  '{"error":"busy"}',
  '{"sha":"main"}',
  '{"sha":"../..","siblings":[]}',
  'null',
];

test('answers that are no list of files may pass, and are shown when they do not', async () => {
  hub = await fakeHub(ID, files, {
    large,
    listing: ({ response, content, n }: Call) => {
      // The last one is the half of a list.
      if (n <= NO_LISTS.length) response.end(NO_LISTS[n] ?? content.subarray(0, 200));
      return n <= NO_LISTS.length;
    },
  });
  await download({ retries: 8 });
  expect(await there()).toEqual(COMPLETE);
  expect(waits).toHaveLength(8);
  await hub.close();

  for (const text of NO_LISTS) {
    hub = await fakeHub(ID, files, {
      listing: ({ response }: Call) => {
        response.end(text);
        return true;
      },
    });
    const error = await failure({ token: 'hf_secret' });
    expect(error).toMatchObject({ code: 'E_HUB_ANSWER', value: text.replace('hf_secret', '***') });
    expect(hub.requests).toHaveLength(3);
    await hub.close();
  }
});

describe('an error behind status 200, in place of a file', () => {
  const third = (): number => Math.floor(weights.length / 3);
  const pages: Record<string, (call: Call) => unknown> = {
    'a page': ({ response }) => response.setHeader('content-type', 'text/html; charset=utf-8').end('<html>busy'),
    'a page as long as the file': ({ response }) =>
      response.setHeader('content-type', 'text/html').end('<html>'.padEnd(weights.length)),
    'a text of another length': ({ response }) => response.setHeader('content-length', 4).end('busy'),
    'a longer text': ({ response }) => response.end(Buffer.alloc(weights.length + 1)),
    'a text of no length': ({ response }) => {
      response.write('busy');
      response.end();
    },
    nothing: ({ response }) => response.end(),
  };
  const bare = ({ blobId: _, lfs: __, ...entry }: Record<string, unknown>) => entry;

  test.each(Object.keys(pages).flatMap((name) => [[name, true] as const, [name, false] as const]))(
    '%s; the file has a checksum: %s',
    async (name, checked) => {
      const busy = {
        [MODEL]: (call: Call) => {
          if (call.n < 2) pages[name]!(call);
          return call.n < 2;
        },
      };
      hub = await fakeHub(ID, files, { large, behaviors: busy, ...(checked ? {} : { entry: bare }) });
      await download({ retries: 3 });
      expect(await readFile(join(dir, MODEL))).toEqual(weights);
      expect(await there()).toEqual(COMPLETE);
      await hub.close();

      await rm(join(dir, MODEL));
      const always = { [MODEL]: (call: Call) => Boolean(pages[name]!(call) ?? true) };
      hub = await fakeHub(ID, files, { large, behaviors: always, ...(checked ? {} : { entry: bare }) });
      expect((await failure({ retries: 1 })).code).toMatch(/^E_DOWNLOAD/);
      expect(await there()).not.toContain(MODEL);
    },
  );

  test('does not take the place of what had arrived', async () => {
    const cutThenBusy = {
      [MODEL]: (call: Call) => {
        if (call.n === 0) sendFile(call.response, call.content, undefined, third());
        else if (call.n === 1) pages['a page']!(call);
        return call.n < 2;
      },
    };
    hub = await fakeHub(ID, files, { large, behaviors: cutThenBusy });
    await download();
    const ranges = hub.requests.filter(({ path }) => path.endsWith(MODEL)).map(({ range }) => range);
    expect(ranges).toEqual([undefined, `bytes=${third()}-`, `bytes=${third()}-`]);
    expect(await readFile(join(dir, MODEL))).toEqual(weights);
  });
});

test('a model without what is needed', async () => {
  const { [MODEL]: _, ...without } = files;
  hub = await fakeHub(ID, without);
  const error = await failure();
  expect(error).toMatchObject({ code: 'E_HUB_FILES' });
  expect(error.message).toContain('no file model.safetensors.index.json nor model.safetensors');
  await hub.close();
  const { 'tokenizer.json': __, ...mute } = files;
  hub = await fakeHub(ID, mute);
  expect((await failure()).message).toContain('no file tokenizer.json');
  await hub.close();
  const map = { weight_map: { a: '../../../evil.safetensors' } };
  hub = await fakeHub(ID, { ...without, 'model.safetensors.index.json': Buffer.from(JSON.stringify(map)) });
  expect(await failure()).toMatchObject({ code: 'E_MODEL_WEIGHTS' });
});

test('without a network: the files, and where to put them', async () => {
  const nobody = createServer();
  await new Promise<void>((done) => void nobody.listen(0, '127.0.0.1', done));
  const endpoint = `http://127.0.0.1:${(nobody.address() as AddressInfo).port}`;
  await new Promise((done) => void nobody.close(done));
  const offline = () =>
    downloadLanguageModel(ID, { dir, endpoint }).then(
      () => expect.fail('it should fail'),
      (error: unknown) => error as LeaError,
    );
  const error = await offline();
  expect(error.code).toBe('E_OFFLINE');
  expect(error.hint).toBe(
    'On a machine with network access, download config.json, tokenizer.json, tokenizer_config.json, ' +
      `model.safetensors (or model.safetensors.index.json and the files that it lists) from ${endpoint}/${ID}/tree/main. ` +
      `Copy the files to ${dir}, then call loadLanguageModel(${JSON.stringify(dir)}).`,
  );
  await mkdir(dir, { recursive: true });
  for (const name of ['config.json', 'tokenizer.json', MODEL]) await writeFile(join(dir, name), files[name]!);
  expect((await offline()).hint).toContain('The files already exist. Call loadLanguageModel(');
});

test('options and names', async () => {
  const run = (id: string, options: Partial<DownloadOptions>) => downloadLanguageModel(id, { dir, ...options });
  for (const id of ['../../etc', 'a/b/c', 'a b', '', 'https://x']) {
    await expect(run(id, {})).rejects.toMatchObject({ code: 'E_OPTION_VALUE' });
  }
  await expect(run(ID, { endpoint: 'file:///etc' })).rejects.toThrow('http');
  await expect(run(ID, { retries: -1 })).rejects.toThrow('retries');
  await expect(run(ID, { timeout: 0 })).rejects.toThrow('timeout');
  // A header that cannot be sent would be shown.
  const wrong = await run(ID, { token: 'hf_secret\n' }).catch((error: unknown) => error);
  expect(wrong).toMatchObject({ code: 'E_API_KEY' });
  expect(inspect(wrong, { depth: 9 })).not.toContain('hf_secret');
  await expect(run(ID, { signal: AbortSignal.abort() })).rejects.toThrow('abort');
  await expect(run(ID, { revison: 'x' } as object)).rejects.toThrow('"revision"');
});

test('can be cut while a file arrives, and gone on with', async () => {
  const stop = new AbortController();
  hub = await fakeHub(ID, files, {
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
  expect(hub.requests.at(-1)!.range).toBe('bytes=1000-');
  expect(await readFile(join(dir, MODEL))).toEqual(weights);
});
