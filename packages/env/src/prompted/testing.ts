import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

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
