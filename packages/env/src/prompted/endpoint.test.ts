import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { windowsOf } from '@lea/data';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { PromptedModelOptions } from './options.ts';
import { type PromptedModel, promptedModel } from './prompted-model.ts';

const url = process.env.LEA_ENDPOINT;

const schema = {
  type: 'object',
  properties: { rating: { type: 'number', minimum: 0, maximum: 10 } },
  required: ['rating'],
  additionalProperties: false,
};
const json = { response_format: { type: 'json_schema', json_schema: { name: 'rating', strict: true, schema } } };

const texts = ['Glass beaker', 'Erlenmeyer flask', 'Measuring cylinder', 'Wood screws', 'Claw hammer'];
const windows = windowsOf([[0, 1], [3]], 2, texts.length);
const actions = Int32Array.of(2, 4, 2, 4);

describe.runIf(url)('a running chat server (LEA_ENDPOINT is its URL, ending in /v1)', { timeout: 600_000 }, () => {
  let cacheDir: string;
  let make: (options?: Partial<PromptedModelOptions>) => PromptedModel;
  beforeEach(async () => {
    const { data } = (await (await fetch(`${url}/models`)).json()) as { data: { id: string }[] };
    cacheDir = await mkdtemp(join(tmpdir(), 'lea-endpoint-'));
    make = (options) =>
      promptedModel({ url: url!, model: data[0]!.id, texts, cacheDir, timeout: 300_000, retries: 9, ...options });
  });
  afterEach(() => rm(cacheDir, { recursive: true }));

  test.each<[string, Partial<PromptedModelOptions>, number]>([
    ['ratings in JSON', { parameters: json }, 4],
    ['ratings from log probabilities', { answer: 'logprobs' }, 4],
    ['choices from log probabilities', { question: 'choice', answer: 'logprobs' }, 4],
  ])('%s: on the scale, counted as the server counts, and asked once', async (_, options, requests) => {
    const model = make(options);
    const { tokens } = await model.forecast(windows, actions);
    const rewards = await model.rewards(windows, actions);
    for (const reward of rewards) expect(reward >= 0 && reward <= 10).toBe(true);
    expect(model.spent.requests).toBe(requests);
    // An estimate of 4 bytes per token is right within a factor of 2, so usage is the server's and not the reserved most.
    expect(model.spent.tokens).toBeGreaterThan(tokens / 2);
    expect(model.spent.tokens).toBeLessThan(tokens * 2);
    const again = make(options);
    expect(await again.rewards(windows, actions)).toEqual(rewards);
    expect(again.spent.requests).toBe(0);
  });

  test('an interrupted run continues with what is missing', async () => {
    const first = make({ answer: 'logprobs', concurrency: 1 });
    for await (const { done } of first.rate(windows, actions)) if (done === 2) break;
    const second = make({ answer: 'logprobs', concurrency: 1 });
    expect(await second.rewards(windows, actions)).not.toContain(Number.NaN);
    expect(second.spent.requests).toBe(2);
  });

  test('a budget ends the run before the request that could exceed it', async () => {
    const model = make({ answer: 'logprobs', budget: { requests: 1 } });
    await expect(model.rewards(windows, actions)).rejects.toMatchObject({ code: 'E_BUDGET' });
    expect(model.spent.requests).toBe(1);
  });

  test('an abort cuts a request under way, and the server answers the next one', async () => {
    const abort = new AbortController();
    const cut: typeof fetch = (...given) => {
      setTimeout(() => abort.abort(new Error('enough')), 50);
      return fetch(...given);
    };
    const parameters = { max_tokens: 1000, grammar: 'root ::= [a-z]+' };
    const work = make({ parameters, fetch: cut }).rate(windows, actions, { signal: abort.signal });
    await expect(work).rejects.toThrow('enough');
    expect(await make({ answer: 'logprobs' }).rewards(windows, actions)).toHaveLength(4);
  });
});
