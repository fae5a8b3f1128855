import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import type { LeaError } from '@lea/core';
import { readSafetensors, writeSafetensors } from '@lea/tensor';
import { expect, test, vi } from 'vitest';
import { loadLanguageModel } from '../load-language-model.ts';
import { type DownloadOptions, downloadLanguageModel } from './download-language-model.ts';
import { COMPLETE, downloads, fakeHub, files, ID, large, MODEL, weights } from './testing.ts';

// No wait is kept.
vi.mock('../../shared/waits.ts', async (original) => ({
  ...(await original<typeof import('../../shared/waits.ts')>()),
  pause: async () => {},
}));

const at = downloads();
const { download, failure, there } = at;

test('brings what a decoder needs, says how far it is, and does nothing twice', async () => {
  at.hub = await fakeHub(ID, files, { large });
  const steps = await download({ token: 'hf_secret' });
  expect(await there()).toEqual(COMPLETE);
  const total = COMPLETE.reduce((sum, name) => sum + files[name]!.length, 0);
  expect(steps.at(-1)).toEqual({ stage: 'download', done: total, total, unit: 'bytes', file: MODEL });
  expect(steps.map(({ done }) => done)).toEqual(steps.map(({ done }) => done).sort((a, b) => a - b));
  expect((await loadLanguageModel(at.dir)).config.width).toBe(32);
  expect(at.hub.requests.every(({ authorization }) => authorization === 'Bearer hf_secret')).toBe(true);
  for (const name of COMPLETE) expect(await readFile(join(at.dir, name))).toEqual(files[name]);

  // The second time only the list is asked for. A file that was changed meanwhile is brought again.
  const before = at.hub.requests.length;
  await download();
  expect(at.hub.requests.length).toBe(before + 1);
  await writeFile(join(at.dir, 'config.json'), '{}');
  await download();
  expect(at.hub.requests.slice(before + 2).map(({ path }) => path.split('/').at(-1))).toEqual(['config.json']);
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
  at.hub = await fakeHub(ID, sharded, { large: names });
  await download();
  const expected = ['config.json', ...names, 'model.safetensors.index.json', 'tokenizer.json', 'tokenizer_config.json'];
  expect(await there()).toEqual(expected.sort());
  expect((await loadLanguageModel(at.dir)).config.width).toBe(32);
});

test('a model without what is needed', async () => {
  const { [MODEL]: _, ...without } = files;
  at.hub = await fakeHub(ID, without);
  const error = await failure();
  expect(error).toMatchObject({ code: 'E_HUB_FILES' });
  expect(error.message).toContain('no file model.safetensors.index.json nor model.safetensors');
  await at.hub.close();
  const { 'tokenizer.json': __, ...mute } = files;
  at.hub = await fakeHub(ID, mute);
  expect((await failure()).message).toContain('no file tokenizer.json');
  await at.hub.close();
  const map = { weight_map: { a: '../../../evil.safetensors' } };
  at.hub = await fakeHub(ID, { ...without, 'model.safetensors.index.json': Buffer.from(JSON.stringify(map)) });
  expect(await failure()).toMatchObject({ code: 'E_MODEL_WEIGHTS' });
});

test('without a network: the files, and where to put them', async () => {
  const nobody = createServer();
  await new Promise<void>((done) => void nobody.listen(0, '127.0.0.1', done));
  const endpoint = `http://127.0.0.1:${(nobody.address() as AddressInfo).port}`;
  await new Promise((done) => void nobody.close(done));
  const offline = () =>
    downloadLanguageModel(ID, { dir: at.dir, endpoint }).then(
      () => expect.fail('it should fail'),
      (error: unknown) => error as LeaError,
    );
  const error = await offline();
  expect(error.code).toBe('E_OFFLINE');
  expect(error.hint).toBe(
    'On a machine with network access, download config.json, tokenizer.json, tokenizer_config.json, ' +
      `model.safetensors (or model.safetensors.index.json and the files that it lists) from ${endpoint}/${ID}/tree/main. ` +
      `Copy the files to ${at.dir}, then call loadLanguageModel(${JSON.stringify(at.dir)}).`,
  );
  await mkdir(at.dir, { recursive: true });
  for (const name of ['config.json', 'tokenizer.json', MODEL]) await writeFile(join(at.dir, name), files[name]!);
  expect((await offline()).hint).toContain('The files already exist. Call loadLanguageModel(');
});

test('options and names', async () => {
  const run = (id: string, options: Partial<DownloadOptions>) => downloadLanguageModel(id, { dir: at.dir, ...options });
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
