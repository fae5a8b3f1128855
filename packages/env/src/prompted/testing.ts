import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Windows, windowsOf } from '@lea/data';
import { afterEach, beforeEach } from 'vitest';
import type { PromptedModelOptions } from './options.ts';
import { type PromptedModel, promptedModel } from './prompted-model.ts';

/** A request received by the test server. */
export interface Seen {
  readonly headers: IncomingMessage['headers'];
  readonly body: { readonly model: string; readonly messages: readonly { role: string; content: string }[] };
}

/** Answers one request; `n` counts them from 0. */
export type Handler = (response: ServerResponse, seen: Seen, n: number) => void | Promise<void>;

export interface ChatServer {
  readonly url: string;
  readonly seen: readonly Seen[];
  /** Current and maximum number of concurrent requests. */
  readonly load: { readonly now: number; readonly most: number };
  close(): Promise<void>;
}

/** Starts a chat completions endpoint on a free local port that responds with `handler`. */
export async function chatServer(handler: Handler): Promise<ChatServer> {
  const seen: Seen[] = [];
  const load = { now: 0, most: 0 };
  const server = createServer(async (request, response) => {
    response.on('close', () => load.now--);
    load.most = Math.max(load.most, ++load.now);
    let text = '';
    for await (const chunk of request) text += chunk;
    const one = { headers: request.headers, body: JSON.parse(text) as Seen['body'] };
    seen.push(one);
    await handler(response, one, seen.length - 1);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    seen,
    load,
    async close(): Promise<void> {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Responds with a valid completion with this content. */
export function say(
  response: ServerResponse,
  content: unknown,
  usage: object | null = tokens(40, 8),
  finish_reason = 'stop',
): void {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ choices: [{ message: { role: 'assistant', content }, finish_reason }], usage }));
}

export function tokens(prompt: number, completion: number): object {
  return { prompt_tokens: prompt, completion_tokens: completion };
}

/** The first user message. */
export function questionIn({ body }: Seen): string {
  return body.messages.find(({ role }) => role === 'user')!.content;
}

export const texts: string[] = ['Tea', 'Cup', 'Pot', 'Saw', 'Nail'];
export const KEY = 'sk-very-secret-0123456789';
/** Two histories, three actions each. */
export const windows: Windows = windowsOf([[0, 1], []], 5, texts.length);
export const actions: Int32Array = Int32Array.of(2, 3, 4, 2, 3, 4);

/** The rating is the length of the action's text. */
export const honest: Handler = (response, seen) => {
  const action = /next: "(\w+)"/.exec(questionIn(seen))![1]!;
  say(response, `{"rating": ${action.length}}`);
};
/** The ratings of the actions. */
export const expected: Float32Array = Float32Array.of(3, 3, 4, 3, 3, 4);

/** Misbehaves for the first requests, then answers as `then` does, by default honestly. */
export const after =
  (count: number, misbehave: Handler, then: Handler = honest): Handler =>
  (response, seen, n) =>
    n < count ? misbehave(response, seen, n) : then(response, seen, n);

/** One history with one action. */
export const one: { windows: Windows; actions: Int32Array } = {
  windows: windowsOf([[0]], 5, 5),
  actions: Int32Array.of(1),
};
export const rateOne = (model: PromptedModel): Promise<Float32Array> => model.rewards(one.windows, one.actions);

export interface ModelServer extends ChatServer {
  /** A model that asks the server, with a cache in the folder of the test. */
  make(options?: Partial<PromptedModelOptions>): PromptedModel;
}

export interface ModelServers {
  /** The cache folder of a test. */
  readonly cacheDir: string;
  /** Starts a server that is closed after the test. */
  serve(handler: Handler): Promise<ModelServer>;
}

/** Gives each test a cache folder, and afterwards removes it and closes the test's servers. */
export function modelServers(): ModelServers {
  let cacheDir: string;
  const open: ChatServer[] = [];
  beforeEach(async () => {
    cacheDir = await mkdtemp(join(tmpdir(), 'lea-prompted-'));
  });
  afterEach(async () => {
    for (const server of open.splice(0)) await server.close();
    await rm(cacheDir, { recursive: true });
  });
  return {
    get cacheDir() {
      return cacheDir;
    },
    async serve(handler) {
      const server = await chatServer(handler);
      open.push(server);
      const make = (options: Partial<PromptedModelOptions> = {}) =>
        promptedModel({ url: server.url, model: 'm', texts, cacheDir, backoff: { first: 1, most: 1000 }, ...options });
      return { ...server, make };
    },
  };
}
