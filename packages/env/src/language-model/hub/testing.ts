import { createHash } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

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
