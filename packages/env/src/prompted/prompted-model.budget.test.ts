import type { ServerResponse } from 'node:http';
import { windowsOf } from '@lea/data';
import { describe, expect, test } from 'vitest';
import { actions, expected, type Handler, honest, modelServers, rateOne, say, tokens, windows } from './testing.ts';

const { serve } = modelServers();

describe('budget', () => {
  test('requests: the one too many is not sent, what was paid for is kept', async () => {
    const server = await serve(honest);
    const model = server.make({ budget: { requests: 4 } });
    await expect(model.rewards(windows, actions)).rejects.toMatchObject({ code: 'E_BUDGET' });
    expect(server.seen).toHaveLength(4);
    expect(model.spent).toMatchObject({ requests: 4, tokens: 4 * 48 });
    const next = server.make({ budget: { requests: 2 } });
    expect(await next.rewards(windows, actions)).toEqual(expected);
    expect(server.seen).toHaveLength(6);
  });

  test('retries count', async () => {
    const server = await serve((response) => void response.writeHead(429).end());
    const model = server.make({ budget: { requests: 2 } });
    await expect(rateOne(model)).rejects.toMatchObject({ code: 'E_BUDGET' });
    expect(server.seen).toHaveLength(2);
    expect(model.spent).toEqual({ requests: 2, tokens: 0, cost: 0 });
  });

  test('a refused request has cost nothing, one that never got its answer may have', async () => {
    const spentAfter = async (handler: Handler) => {
      const server = await serve(handler);
      const model = server.make({ retries: 0 });
      await expect(rateOne(model)).rejects.toThrow();
      const bytes = server.seen[0]!.body.messages.map(({ content }) => Buffer.byteLength(content));
      return { tokens: model.spent.tokens, most: bytes.reduce((a, b) => a + b, 0) + 32 + 32 };
    };
    for (const status of [400, 401, 404, 425, 429, 503]) {
      expect((await spentAfter((response) => void response.writeHead(status).end())).tokens).toBe(0);
    }
    const unsure: Handler[] = [408, 500, 502, 504].map(
      (status) => (response: ServerResponse) => void response.writeHead(status).end(),
    );
    for (const handler of [...unsure, ((response) => void response.destroy()) as Handler]) {
      const { tokens: counted, most } = await spentAfter(handler);
      expect(counted).toBe(most);
    }
  });

  test('tokens and cost: reserved at their most, counted as reported', async () => {
    const server = await serve((response, seen, n) => {
      const size = Buffer.byteLength(seen.body.messages.map(({ content }) => content).join(''));
      const most = size + 16 * 2;
      reported = Math.max(reported, most);
      return honest(response, seen, n);
    });
    let reported = 0;
    const prices = { prompt: 1, completion: 10 };
    await rateOne(server.make({ prices, budget: { cost: 1 } }));
    const most = (reported + 320) / 1e6;
    // Room for the bound of one request: it is sent, and leaves room for more as it used less.
    const enough = server.make({ prices, budget: { cost: most * 1.2 }, model: 'b', concurrency: 6 });
    const outcome = await enough.rewards(windows, actions).catch((e: unknown) => e);
    expect(outcome).toMatchObject({ code: 'E_BUDGET' });
    expect(enough.spent.requests).toBeGreaterThanOrEqual(2);
    expect(enough.spent.cost).toBeCloseTo((enough.spent.requests * (40 + 80)) / 1e6, 12);
    expect(enough.spent.cost).toBeLessThanOrEqual(most * 1.2);
    // Too little for any.
    const before = server.seen.length;
    await expect(rateOne(server.make({ budget: { tokens: 50 }, model: 'c' }))).rejects.toThrow('budget (tokens: 50)');
    expect(server.seen).toHaveLength(before);
  });

  test('usage that is missing or no count is taken at its most', async () => {
    const usages = [
      null,
      tokens(-1, 8),
      tokens(1e300, 1),
      tokens(0, 0),
      tokens(0, 8),
      tokens(40, 0),
      tokens(40.5, 8),
      tokens(2 ** 52, 8),
      tokens(Number.NaN, 8),
      { prompt_tokens: '1', completion_tokens: 1 },
      { total_tokens: 48 },
      [],
    ];
    const server = await serve((response, _, n) => say(response, '5', usages[n] ?? null));
    const model = server.make({ concurrency: 1, cacheDir: undefined });
    for (const _ of usages) await rateOne(model);
    const messages = server.seen.map(({ body }) => body.messages.map(({ content }) => content).join(''));
    const bounds = messages.map((text) => Buffer.byteLength(text) + 32 + 32);
    expect(bounds).toHaveLength(12);
    expect(model.spent.tokens).toBe(bounds.reduce((a, b) => a + b, 0));
    // So a budget is used up by a server that says that everything is for nothing.
    const capped = server.make({ concurrency: 1, budget: { tokens: 2.5 * bounds[0]! }, model: 'b' });
    await expect(capped.rewards(windowsOf([[0]], 5, 5), Int32Array.of(0, 1, 2))).rejects.toMatchObject({
      code: 'E_BUDGET',
    });
    // Where nothing limits answers they count as such answers go.
    const unlimited = server.make({ parameters: { max_tokens: null }, cacheDir: undefined });
    await rateOne(unlimited);
    expect(unlimited.spent).toMatchObject({ tokens: bounds[1]! - 32 + 10, cost: 0 });
  });

  test('a forecast sends nothing and knows the cache', async () => {
    const server = await serve(honest);
    const model = server.make({ prices: { prompt: 2, completion: 4 } });
    await model.rewards(windowsOf([[]], 5, 5), Int32Array.of(2));
    const twice = Int32Array.of(2, 3, 3, 2, 3, 3);
    const { tokens: count, cost, ...forecast } = await model.forecast(windows, twice);
    expect(forecast).toEqual({ pairs: 6, questions: 4, cached: 1, requests: 3 });
    expect(cost).toBeCloseTo((2 * (count - 30) + 4 * 30) / 1e6, 12);
    expect(count).toBeGreaterThan(3 * 50);
    expect(server.seen).toHaveLength(1);
    const unpriced = server.make();
    expect((await unpriced.forecast(windows, twice)).cost).toBeUndefined();
  });
});
