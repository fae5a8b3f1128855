import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { downloadLanguageModel } from './download-language-model.ts';
import { type Call, COMPLETE, downloads, fakeHub, files, ID, large, MODEL, sendFile, weights } from './testing.ts';

/** The requested waits; none is kept. */
const waits = vi.hoisted((): number[] => []);
vi.mock('../../shared/waits.ts', async (original) => ({
  ...(await original<typeof import('../../shared/waits.ts')>()),
  pause: async (milliseconds: number) => void waits.push(milliseconds),
}));
beforeEach(() => {
  waits.length = 0;
});

const at = downloads();
const { download, failure, there } = at;

test('overload passes, a missing model and a closed one do not', async () => {
  // A wait of nothing, or one that is over, is none.
  const asked = ['0', 'Mon, 01 Jan 2024 00:00:00 GMT', '3', '3600'];
  const busy = ({ response, n }: Call) => {
    if (n >= asked.length) return false;
    response.writeHead(503, { 'retry-after': asked[n] }).end();
    return true;
  };
  at.hub = await fakeHub(ID, files, { large, listing: busy, behaviors: { 'config.json': busy } });
  await download({ retries: 4 });
  expect(await there()).toEqual(COMPLETE);
  expect(waits).toEqual([200, 400, 3000, 60_000, 200, 400, 3000, 60_000]);
  await expect(downloadLanguageModel('no/such', { dir: at.dir, endpoint: at.hub.endpoint })).rejects.toMatchObject({
    code: 'E_HUB_MISSING',
  });
  await expect(download({ revision: 'v9' })).rejects.toThrow('revision "v9"');
  await at.hub.close();

  const answer =
    (status: number) =>
    ({ response }: Call) => {
      response.writeHead(status).end();
      return true;
    };
  at.hub = await fakeHub(ID, files, { listing: answer(403) });
  const closed = await failure({ token: 'hf_secret' });
  expect(closed).toMatchObject({ code: 'E_HUB_ACCESS' });
  expect(closed.message).not.toContain('hf_secret');
  await at.hub.close();
  at.hub = await fakeHub(ID, files, { listing: answer(418) });
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
  at.hub = await fakeHub(ID, files, {
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
  await at.hub.close();

  for (const text of NO_LISTS) {
    at.hub = await fakeHub(ID, files, {
      listing: ({ response }: Call) => {
        response.end(text);
        return true;
      },
    });
    const error = await failure({ token: 'hf_secret' });
    expect(error).toMatchObject({ code: 'E_HUB_ANSWER', value: text.replace('hf_secret', '***') });
    expect(at.hub.requests).toHaveLength(3);
    await at.hub.close();
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
      at.hub = await fakeHub(ID, files, { large, behaviors: busy, ...(checked ? {} : { entry: bare }) });
      await download({ retries: 3 });
      expect(await readFile(join(at.dir, MODEL))).toEqual(weights);
      expect(await there()).toEqual(COMPLETE);
      await at.hub.close();

      await rm(join(at.dir, MODEL));
      const always = { [MODEL]: (call: Call) => Boolean(pages[name]!(call) ?? true) };
      at.hub = await fakeHub(ID, files, { large, behaviors: always, ...(checked ? {} : { entry: bare }) });
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
    at.hub = await fakeHub(ID, files, { large, behaviors: cutThenBusy });
    await download();
    const ranges = at.hub.requests.filter(({ path }) => path.endsWith(MODEL)).map(({ range }) => range);
    expect(ranges).toEqual([undefined, `bytes=${third()}-`, `bytes=${third()}-`]);
    expect(await readFile(join(at.dir, MODEL))).toEqual(weights);
  });
});
