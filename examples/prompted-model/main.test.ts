import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createWorld } from '@lea/data';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { main as measureFidelity } from './fidelity.ts';
import { main } from './main.ts';

// A model that rates by the length of the question, and takes any two labels for equally likely.
const server = createServer(async (request, response) => {
  let body = '';
  for await (const chunk of request) body += chunk;
  const { messages, logprobs } = JSON.parse(body) as { messages: { content: string }[]; logprobs?: boolean };
  const content = `{"rating": ${messages[1]!.content.length % 11}}`;
  const top_logprobs = ['3', '6', 'A', 'B'].map((token) => ({ token, logprob: -2 }));
  const choice = { message: { content }, ...(logprobs && { logprobs: { content: [{ token: 'The', top_logprobs }] } }) };
  response.end(JSON.stringify({ choices: [choice], usage: { prompt_tokens: 60, completion_tokens: 7 } }));
});
let cacheDir = '';
let url = '';
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  cacheDir = await mkdtemp(join(tmpdir(), 'ratings-'));
});
afterAll(async () => {
  server.close();
  await rm(cacheDir, { recursive: true });
});

it('runs as it stands, and from the cache when it runs again', async () => {
  const lines = await main(url, 'any', cacheDir);
  expect(lines[0]).toMatch(/^forecast: 3 requests, \d{3} tokens, 0\.000\d{3}$/);
  expect(lines[1]).toMatch(/^ratings: \d+, \d+, \d+$/);
  expect(lines[3]).toMatch(/^spent: \d\d requests$/);
  const again = await main(url, 'any', cacheDir);
  expect(again.slice(1, 3)).toEqual(lines.slice(1, 3));
  expect(again.at(-1)).toBe('spent: 0 requests');
});

it('measures three ways to ask, and two controls', async () => {
  const lines: string[] = [];
  const world = createWorld({ users: 60, items: 40 });
  for await (const line of measureFidelity(url, 'any', world, 8, undefined, cacheDir)) lines.push(line);
  expect(lines).toHaveLength(5);
  expect(lines[0]).toMatch(
    /^rating, text: random [\d.]+ ± [\d.]+ %, popular [\d.]+ ± [\d.]+ %, missing 0; \d+ requests/,
  );
  // Without a preference all comparisons are ties.
  expect(lines[1]).toContain('random 50.0 ± 0.0 %, popular 50.0 ± 0.0 %');
  expect(lines[2]).toContain('choice, logprobs: random 50.0 ± 0.0 %');
  expect(lines[4]).toMatch(/^co-occurrence \+ text: random/);
});
