import { readdir, readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { after, modelServers, one, rateOne } from './testing.ts';

// Responses of llama.cpp's server with SmolLM2-135M-Instruct, as they came, without timings, bytes of tokens and paths.
const at = modelServers();
const { serve } = at;

const fixture = (name: string): Promise<string> =>
  readFile(new URL(`../fixtures/llama-cpp/${name}.json`, import.meta.url), 'utf8');

/** A server that responds like llama.cpp, first with an error if there is one. */
async function replay(name: string, error?: { readonly status: number; readonly name: string }) {
  const [body, refusal] = await Promise.all([fixture(name), error && fixture(error.name)]);
  return serve(
    after(
      error ? 1 : 0,
      (response) => void response.writeHead(error!.status).end(refusal),
      (response) => void response.end(body),
    ),
  );
}

describe('llama.cpp', () => {
  test('rates by the log probabilities of digits, although it would have said "The"', async () => {
    // exp(-3.86354) 1, exp(-4.33795) 2, exp(-4.56884) 9 and exp(-4.80270) 0, over their sum, times 10 / 9.
    const server = await replay('rating-logprobs');
    const model = server.make({ answer: 'logprobs' });
    expect((await rateOne(model))[0]).toBeCloseTo(2.9649, 4);
    expect(model.spent).toMatchObject({ requests: 1, tokens: 150 });
  });

  test('chooses by the log probabilities of A and B', async () => {
    // exp(-2.06834) A and exp(-2.75500) B, the same in both orders.
    const server = await replay('choice-logprobs');
    const model = server.make({ question: 'choice', answer: 'logprobs', cacheDir: undefined });
    expect([...(await model.rewards(one.windows, Int32Array.of(1, 2)))]).toEqual([5, 5]);
    expect(model.spent).toMatchObject({ requests: 2, tokens: 270 });
  });

  test('an answer that ends at once is an invalid answer, not an outage', async () => {
    const server = await replay('empty');
    await expect(rateOne(server.make())).rejects.toMatchObject({ code: 'E_ANSWER' });
    expect(server.seen).toHaveLength(3);
    expect([...(await rateOne(server.make({ wrongAnswer: 'missing' })))]).toEqual([Number.NaN]);
    expect((await readdir(at.cacheDir, { recursive: true })).some((name) => name.endsWith('.json'))).toBe(true);
  });

  test('is waited for while it loads its model, which costs nothing', async () => {
    const server = await replay('rating-logprobs', { status: 503, name: 'loading' });
    const model = server.make({ answer: 'logprobs' });
    await rateOne(model);
    expect(model.spent).toMatchObject({ requests: 2, tokens: 150 });
  });

  test('a prompt that is too long is told with the options that shorten it', async () => {
    const server = await replay('empty', { status: 400, name: 'context' });
    await expect(rateOne(server.make())).rejects.toMatchObject({
      code: 'E_ENDPOINT',
      hint: "Lower window or textLength, or raise the server's limit of the context.",
    });
    expect(server.seen).toHaveLength(1);
  });
});
