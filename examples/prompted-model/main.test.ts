import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { main } from './main.ts';

it('runs as it stands, and from the cache when it runs again', async () => {
  // A model that rates by the length of the question.
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const { messages } = JSON.parse(body) as { messages: { content: string }[] };
    const content = `{"rating": ${messages[1]!.content.length % 11}}`;
    const usage = { prompt_tokens: 60, completion_tokens: 7 };
    response.end(JSON.stringify({ choices: [{ message: { content } }], usage }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cacheDir = await mkdtemp(join(tmpdir(), 'ratings-'));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;

  const lines = await main(url, 'any', cacheDir);
  expect(lines[0]).toMatch(/^forecast: 3 requests, \d{3} tokens, 0\.000\d{3}$/);
  expect(lines[1]).toMatch(/^ratings: \d+, \d+, \d+$/);
  expect(lines[3]).toMatch(/^spent: \d\d requests$/);
  const again = await main(url, 'any', cacheDir);
  expect(again.slice(1, 3)).toEqual(lines.slice(1, 3));
  expect(again.at(-1)).toBe('spent: 0 requests');

  server.close();
  await rm(cacheDir, { recursive: true });
});
