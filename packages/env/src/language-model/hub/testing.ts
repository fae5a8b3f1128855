import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LeaError } from '@lea/core';
import { afterEach, beforeEach, expect } from 'vitest';
import type { EnvironmentEvent } from '../../shared/events.ts';
import { follow, letterTokenizer } from '../../testing.ts';
import { type DownloadOptions, downloadLanguageModel } from './download-language-model.ts';

export const COMMIT = '0123456789abcdef0123456789abcdef01234567';

/** A request for a file. */
export interface Call {
  readonly response: ServerResponse;
  readonly content: Buffer;
  /** Number of previous requests for the file. */
  readonly n: number;
  readonly range: string | undefined;
}

/** Custom response to a request; returns false to send the file instead. */
export type Behavior = (call: Call) => boolean;

export interface FakeHub {
  readonly endpoint: string;
  /** All requests so far: path, range, authorization. */
  readonly requests: { path: string; range: string | undefined; authorization: string | undefined }[];
  close(): Promise<void>;
}

/** Starts a server with the hub's API for one model. */
export async function fakeHub(
  id: string,
  files: Readonly<Record<string, Buffer>>,
  options: {
    readonly behaviors?: Readonly<Record<string, Behavior>>;
    /** Files with a SHA-256 digest, like large files on the hub; others have git object ids. */
    readonly large?: readonly string[];
    /** Changes the entries of the listing. */
    readonly entry?: (entry: Record<string, unknown>) => Record<string, unknown>;
    /** Custom response to the request for the listing. */
    readonly listing?: Behavior;
  } = {},
): Promise<FakeHub> {
  const { behaviors = {}, large = [], entry = (e) => e } = options;
  const requests: FakeHub['requests'] = [];
  const counts = new Map<string, number>();
  const server = createServer((request, response) => {
    const path = new URL(request.url!, 'http://here').pathname;
    const { range, authorization } = request.headers;
    requests.push({ path, range, authorization });
    const n = counts.get(path) ?? 0;
    counts.set(path, n + 1);
    if (path === `/api/models/${id}/revision/main`) {
      const siblings = Object.entries(files).map(([name, content]) => entry(entryOf(name, content, large)));
      const content = Buffer.from(JSON.stringify({ id, sha: COMMIT, siblings }));
      if (!options.listing?.({ response, content, n, range })) response.end(content);
      return;
    }
    const name = path.startsWith(`/${id}/resolve/${COMMIT}/`) ? path.slice(`/${id}/resolve/${COMMIT}/`.length) : '';
    const content = files[name];
    if (!content) {
      response.writeHead(404).end('Entry not found');
    } else if (!behaviors[name]?.({ response, content, n, range })) sendFile(response, content, range);
  });
  await new Promise<void>((done) => void server.listen(0, '127.0.0.1', done));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: () =>
      new Promise((done) => {
        server.closeAllConnections();
        server.close(() => done());
      }),
  };
}

function entryOf(name: string, content: Buffer, large: readonly string[]): Record<string, unknown> {
  const size = content.length;
  const blobId = createHash('sha1').update(`blob ${size}\0`).update(content).digest('hex');
  if (!large.includes(name)) return { rfilename: name, size, blobId };
  // Git stores only a pointer for large files.
  const sha256 = createHash('sha256').update(content).digest('hex');
  return { rfilename: name, size, blobId: '0'.repeat(40), lfs: { sha256, size, pointerSize: 130 } };
}

/** Sends a file, or the requested range of it. */
export function sendFile(
  response: ServerResponse,
  content: Buffer,
  range: string | undefined,
  end: number = content.length,
): void {
  const from = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
  if (from >= content.length && from > 0) {
    response.writeHead(416, { 'content-range': `bytes */${content.length}` }).end();
    return;
  }
  const headers = { 'content-length': content.length - from };
  if (from > 0) {
    response.writeHead(206, { ...headers, 'content-range': `bytes ${from}-${content.length - 1}/${content.length}` });
  } else response.writeHead(200, headers);
  if (end === content.length) response.end(content.subarray(from));
  // Sends less than the content-length, then closes the connection.
  else response.write(content.subarray(from, end), () => void setTimeout(() => response.destroy(), 20));
}

export const ID = 'someone/tiny-llama';
export const MODEL = 'model.safetensors';

const fixture = (name: string): Buffer =>
  readFileSync(new URL(`../../fixtures/decoders/llama/${name}`, import.meta.url));
export const weights: Buffer = fixture(MODEL);
/** The hub's files of a tiny model. */
export const files: Readonly<Record<string, Buffer>> = {
  'config.json': fixture('config.json'),
  'tokenizer.json': Buffer.from(JSON.stringify(letterTokenizer())),
  'tokenizer_config.json': Buffer.from('{"bos_token":"<s>","eos_token":"</s>"}'),
  [MODEL]: weights,
  'README.md': Buffer.from('not asked for'),
  'onnx/model.onnx': Buffer.from('not asked for'),
};
export const large: readonly string[] = [MODEL];
/** The files in a folder after a complete download. */
export const COMPLETE: readonly string[] = ['config.json', MODEL, 'tokenizer.json', 'tokenizer_config.json'];

export interface Downloads {
  /** The hub of a test, which the test starts. */
  hub: FakeHub;
  /** The folder that a test downloads to. */
  readonly dir: string;
  /** Downloads the model and returns the events. */
  download(options?: Partial<DownloadOptions>): Promise<EnvironmentEvent[]>;
  /** The error of a download that must fail. */
  failure(options?: Partial<DownloadOptions>): Promise<LeaError>;
  /** The names of the files in the folder. */
  there(): Promise<string[]>;
}

/** Gives each test a new folder, and afterwards removes it and closes the test's hub. */
export function downloads(): Downloads {
  let hub: FakeHub | undefined;
  let dir = '';
  beforeEach(async () => {
    dir = join(await mkdtemp(join(tmpdir(), 'lea-hub-')), 'models', 'tiny');
  });
  afterEach(async () => {
    await hub?.close();
    hub = undefined;
    await rm(join(dir, '..', '..'), { recursive: true });
  });
  const download: Downloads['download'] = async (options = {}) => {
    const steps: EnvironmentEvent[] = [];
    const work = downloadLanguageModel(ID, { dir, endpoint: hub!.endpoint, retries: 2, ...options });
    expect(await follow(work, (step) => void steps.push(step))).toBe(dir);
    return steps;
  };
  return {
    get hub() {
      return hub!;
    },
    set hub(started) {
      hub = started;
    },
    get dir() {
      return dir;
    },
    download,
    failure: (options) =>
      download(options).then(
        () => expect.fail('it should fail'),
        (error: unknown) => error as LeaError,
      ),
    there: async () => (await readdir(dir).catch(() => [])).sort(),
  };
}
