import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { LeaError } from '@lea/core';
import { makeFolder, writeError } from '@lea/core/node';
import { digestOfTag, type HubFile } from './listing.ts';
import { type Answer, type Hub, Passing, request } from './request.ts';
import { waitOrThrow } from './retry.ts';

/** The failure count restarts after a connection that delivered this many bytes. */
const PROGRESS = 2 ** 20;

/**
 * Downloads a file into a folder. Until it is complete, its data is in `<name>.<digest>.part` next to it, from where an
 * interrupted download resumes. An existing file with the right digest is kept.
 *
 * `@huggingface/hub` is not used because its downloads restart after an interruption and it compares no hashes.
 *
 * @returns a generator that yields the number of bytes received so far
 * @throws LeaError `E_DOWNLOAD`, `E_DOWNLOAD_CHECKSUM`, `E_DISK_FULL`, `E_FILE_WRITE`, and those of `request`
 */
export async function* fetchFile(hub: Hub, url: string, file: HubFile, dir: string): AsyncGenerator<number, void> {
  const path = join(dir, file.name);
  const already = await sizeOf(path);
  if (already !== undefined && file.digest && (file.size ?? already) === already) {
    if ((await digest(path, file.digest.algorithm, already)) === file.digest.hex) return yield already;
  }
  await makeFolder(dirname(path)).catch((cause) => {
    throw writeError(path, cause);
  });
  const part = `${path}.${file.digest ? `${file.digest.hex.slice(0, 12)}.` : ''}part`;
  // Without a digest, the part may belong to another version of the file.
  if (!file.digest) await rm(part, { force: true });
  for (let failures = 1; ; failures++) {
    const before = (await sizeOf(part)) ?? 0;
    try {
      yield* attempt(hub, url, file, part);
      await rename(part, path).catch((cause) => {
        throw writeError(path, cause);
      });
      return;
    } catch (error) {
      if (((await sizeOf(part)) ?? 0) - before >= PROGRESS) failures = 1;
      await waitOrThrow(hub, error, failures).catch((last: unknown) => {
        throw last instanceof Passing ? gaveUp(last, url, path) : last;
      });
    }
  }
}

async function* attempt(hub: Hub, url: string, file: HubFile, part: string): AsyncGenerator<number, void> {
  const from = (await sizeOf(part)) ?? 0;
  const complete = file.size !== undefined && from >= file.size;
  const answer =
    complete && file.size !== 0 ? undefined : await request(hub, url, `file "${file.name}"`, rangeFrom(from));
  const elsewhere =
    answer?.status === 206 && Number(/^bytes (\d+)-/.exec(answer.headers.get('content-range') ?? '')?.[1]) !== from;
  if (answer?.status === 416 || elsewhere) {
    answer?.close();
    await rm(part, { force: true });
    throw new Passing('the server cannot resume at this byte');
  }
  const begin = answer?.status === 206 ? from : complete ? from : 0;
  const length = answer && announced(answer, begin);
  const size = file.size ?? length;
  if (answer && (isPage(answer) || (length ?? size) !== size)) {
    answer.close();
    throw new Passing('the hub sent something other than the file');
  }
  if (size === undefined) {
    answer?.close();
    throw new LeaError('E_HUB_ANSWER', 'The hub does not report the size of the file.', {
      value: url,
      hint: 'Check the endpoint.',
    });
  }
  let at = begin;
  if (answer) {
    const target = await open(part, begin > 0 ? 'a' : 'w').catch((cause) => {
      throw writeError(part, cause);
    });
    try {
      for await (const chunk of answer.body()) {
        if (at + chunk.length > size) throw new Passing(`received more than the expected ${size} bytes`);
        await target.writeFile(chunk).catch((cause) => {
          throw writeError(part, cause);
        });
        at += chunk.length;
        yield at;
      }
      await target.sync();
    } finally {
      await target.close();
    }
    if (at < size) {
      // Without a digest, a part of another version could not be detected.
      if (!file.digest) await rm(part, { force: true });
      throw new Passing(`the connection ended after ${at} of ${size} bytes`);
    }
  }
  const wanted = file.digest ?? digestOfTag(answer?.headers.get('etag') ?? null);
  if (wanted && (await digest(part, wanted.algorithm, size)) !== wanted.hex) {
    await rm(part, { force: true });
    throw new Passing(WRONG);
  }
}

const WRONG = 'the checksum does not match';

const rangeFrom = (from: number): Record<string, string> => (from > 0 ? { range: `bytes=${from}-` } : {});

/** Servers may send error pages with status 200. No model file is HTML. */
function isPage({ headers }: Answer): boolean {
  return /^text\/html\b/i.test(headers.get('content-type') ?? '');
}

/** The total file size according to the response headers. */
function announced({ headers }: Answer, begin: number): number | undefined {
  // Then the length is that of the compressed data.
  if (headers.has('content-encoding')) return undefined;
  const whole = /\/(\d+)$/.exec(headers.get('content-range') ?? '')?.[1];
  const rest = headers.get('content-length');
  if (whole !== undefined) return Number(whole);
  return rest === null ? undefined : begin + Number(rest);
}

/** Digest of a file in hex; `git` computes the git object id. */
async function digest(path: string, algorithm: 'sha256' | 'git', size: number): Promise<string> {
  const hash: Hash = createHash(algorithm === 'git' ? 'sha1' : 'sha256');
  if (algorithm === 'git') hash.update(`blob ${size}\0`);
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

function sizeOf(path: string): Promise<number | undefined> {
  return stat(path).then(
    (found) => found.size,
    () => undefined,
  );
}

function gaveUp(error: Passing, url: string, path: string): LeaError {
  const wrong = error.message === WRONG;
  return new LeaError(wrong ? 'E_DOWNLOAD_CHECKSUM' : 'E_DOWNLOAD', `Cannot download the file: ${error.message}.`, {
    value: url,
    hint: wrong
      ? `The data was discarded. Try again, or copy the file to ${path} by hand.`
      : `The data received so far is kept. Call again to resume, or copy the file to ${path} by hand.`,
    cause: error.cause,
  });
}
