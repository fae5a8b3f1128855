import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { inspect } from 'node:util';
import { windowsOf } from '@lea/data';
import { describe, expect, test } from 'vitest';
import type { EnvironmentEvent } from '../shared/events.ts';
import { promptedModel } from './prompted-model.ts';
import {
  actions,
  expected,
  type Handler,
  honest,
  KEY,
  modelServers,
  one,
  questionIn,
  rateOne,
  say,
  texts,
  windows,
} from './testing.ts';

const at = modelServers();
const { serve } = at;

describe('ratings', () => {
  test('come from the endpoint once, then from the cache, whatever the url', async () => {
    const server = await serve(honest);
    expect(await server.make({ apiKey: KEY }).rewards(windows, actions)).toEqual(expected);
    expect(server.seen).toHaveLength(6);
    expect(server.seen[0]!.headers.authorization).toBe(`Bearer ${KEY}`);
    expect(server.seen[0]!.body).toMatchObject({ model: 'm', temperature: 0, max_tokens: 32 });
    expect(questionIn(server.seen[0]!)).toContain('"Tea", "Cup"');

    const silent = await serve((response) => void response.destroy());
    const again = silent.make();
    expect(await again.rewards(windows, actions)).toEqual(expected);
    expect(again.spent.requests).toBe(0);
    // Another model or other parameters ask anew.
    await expect(silent.make({ model: 'other', retries: 0 }).rewards(windows, actions)).rejects.toThrow();
    await expect(
      silent.make({ parameters: { max_tokens: 9 }, retries: 0 }).rewards(windows, actions),
    ).rejects.toThrow();
    expect(silent.seen.length).toBeGreaterThan(0);
  });

  test('the newest of a long history are shown', async () => {
    const server = await serve(honest);
    await server.make({ window: 2 }).rewards(windowsOf([[0, 1, 2, 3]], 4, 5), Int32Array.of(4));
    expect(questionIn(server.seen[0]!)).toContain('oldest first: "Pot", "Saw".');
  });

  test('the same question is asked once, also by calls at the same time and without a cache', async () => {
    const server = await serve(honest);
    const model = server.make({ cacheDir: undefined });
    const twice = Int32Array.of(2, 2, 3);
    const history = windowsOf([[0]], 5, 5);
    const [a, b] = await Promise.all([model.rewards(history, twice), model.rewards(history, twice)]);
    expect([...a, ...b]).toEqual([3, 3, 3, 3, 3, 3]);
    expect(server.seen).toHaveLength(2);
  });

  test('progress counts what is done; leaving early cuts what is under way', async () => {
    const server = await serve(honest);
    const seen: EnvironmentEvent[] = [];
    const work = server.make({ concurrency: 1 }).rate(windows, actions);
    for await (const event of work) {
      seen.push(event);
      if (event.done === 2) break;
    }
    expect(seen.at(-1)).toMatchObject({ stage: 'ratings', done: 2, total: 6, unit: 'pairs' });
    expect(server.seen.length).toBeLessThan(6);
    const resumed = server.make();
    expect(await resumed.rewards(windows, actions)).toEqual(expected);
    expect(server.seen.length).toBeLessThanOrEqual(7);
  });

  test('leaving early does not wait for a slow endpoint', async () => {
    let cut = 0;
    const server = await serve((response, seen, n) => {
      response.on('close', () => (cut += response.writableFinished ? 0 : 1));
      return n === 0 ? honest(response, seen, n) : undefined;
    });
    for await (const _ of server.make({ concurrency: 2 }).rate(windows, actions)) break;
    await expect.poll(() => cut).toBe(server.seen.length - 1);
  });

  test('no more requests at a time than allowed, over all calls', async () => {
    const held: (() => void)[] = [];
    const server = await serve((response, seen, n) => {
      held.push(() => void honest(response, seen, n));
      // Answers come only when the allowed number waits: fewer at a time would wait for ever.
      if (held.length === 3) for (const go of held.splice(0)) go();
    });
    const model = server.make({ concurrency: 3 });
    const [a] = await Promise.all([
      model.rewards(windows, actions),
      model.rewards(windowsOf([[4], [3]], 5, 5), actions),
    ]);
    expect(a).toEqual(expected);
    expect(server.load.most).toBe(3);
  });

  test('a damaged entry of the cache is asked for again', async () => {
    const server = await serve(honest);
    await rateOne(server.make());
    const [folder] = await readdir(at.cacheDir);
    const [file] = await readdir(join(at.cacheDir, folder!));
    const path = join(at.cacheDir, folder!, file!);
    const whole = await readFile(path, 'utf8');
    const stranger = whole.replace(/"key":"\w/, '"key":"x');
    // The last one is another answer that the scale allows, as a flipped bit makes it.
    const rated = (rating: number): string => whole.replace('"rating":3', `"rating":${rating}`);
    for (const damaged of [stranger, whole.slice(0, 20), '{}', 'null', rated(99), rated(7)]) {
      await writeFile(path, damaged);
      expect([...(await rateOne(server.make()))]).toEqual([3]);
      expect(await readFile(path, 'utf8')).toBe(whole);
    }
    expect(server.seen).toHaveLength(7);
  });

  test('an answer that lies in the place of another one is asked for again', async () => {
    const server = await serve(honest);
    await server.make({ concurrency: 1 }).rewards(windowsOf([[0]], 5, 5), Int32Array.of(3, 4));
    const paths = (await readdir(at.cacheDir, { recursive: true })).filter((name) => name.endsWith('.json'));
    const [a, b] = paths.map((name) => join(at.cacheDir, name));
    await writeFile(a!, await readFile(b!));
    expect([...(await server.make().rewards(windowsOf([[0]], 5, 5), Int32Array.of(3, 4)))]).toEqual([3, 4]);
    expect(server.seen).toHaveLength(3);
  });
});

test('an abort cuts what is under way, and is the error', async () => {
  let closed = 0;
  const abort = new AbortController();
  const server = await serve((response) => {
    response.on('close', () => closed++);
    if (server.seen.length === 4) abort.abort(new Error('enough'));
  });
  await expect(server.make({ signal: abort.signal }).rewards(windows, actions)).rejects.toThrow('enough');
  await expect.poll(() => closed).toBe(4);
  const late = server.make().rate(windows, actions, { signal: abort.signal });
  await expect(late).rejects.toThrow('enough');
  expect(server.seen).toHaveLength(4);
});

test.each([
  ['answer that another call waits for', one.actions, 4],
  ['place that another call holds', Int32Array.of(2), 1],
])('an abort does not wait for the %s', async (_, asks, concurrency) => {
  const server = await serve((response, seen, n) => {
    held = () => void honest(response, seen, n);
    asked();
  });
  let [held, asked] = [() => {}, () => {}];
  const arrived = new Promise<void>((resolve) => {
    asked = resolve;
  });
  const model = server.make({ concurrency, cacheDir: undefined });
  const first = rateOne(model);
  await arrived;
  for (const beforeAbort of [() => {}, setImmediate]) {
    const abort = new AbortController();
    const second = model.rate(one.windows, asks, { signal: abort.signal });
    await beforeAbort();
    abort.abort(new Error('enough'));
    await expect(second).rejects.toThrow('enough');
  }
  held();
  expect([...(await first)]).toEqual([3]);
  expect(server.seen).toHaveLength(1);
});

test('histories hold items', async () => {
  const server = await serve(honest);
  const odd = (...items: number[]) => ({ items: Int32Array.from(items), length: Int32Array.of(2), size: 1, window: 2 });
  for (const history of [odd(7, 0), odd(0, -3)]) {
    await expect(server.make().rewards(history, Int32Array.of(1))).rejects.toMatchObject({ code: 'E_ITEM_RANGE' });
  }
  expect(server.seen).toHaveLength(0);
});

test('the key is in no file, error, event or object', async () => {
  const told: unknown[] = [];
  const handlers: Handler[] = [
    (response, { headers }) => void response.writeHead(400).end(`bad ${headers.authorization}`),
    (response, { headers }) => void response.writeHead(500).end(`bad ${headers.authorization}`),
    (response, { headers }) => say(response, `my key is ${headers.authorization}`),
    (response, { headers }) => say(response, `\`\`\`json\n{"rating": 3, "key": "${headers.authorization}"}\n\`\`\``),
  ];
  for (const handler of handlers) {
    const server = await serve(handler);
    for (const wrongAnswer of ['throw', 'missing'] as const) {
      const model = server.make({ apiKey: KEY, retries: 0, answerRetries: 0, wrongAnswer, model: `${told.length}` });
      const work = model.rate(one.windows, one.actions);
      try {
        for await (const event of work) told.push(event);
      } catch (error) {
        told.push(error, (error as Error).stack, String(error));
      }
      told.push(model, JSON.stringify(model), model.hash);
    }
  }
  const own = () => {
    throw Object.assign(new TypeError(`bad header ${KEY}`), { cause: new Error(KEY) });
  };
  const failing = promptedModel({ url: 'http://h/v1', model: 'm', texts, apiKey: KEY, retries: 0, fetch: own });
  told.push(await rateOne(failing).catch((e: unknown) => e));
  for (const apiKey of [`${KEY}\n`, '']) {
    try {
      promptedModel({ url: 'http://h/v1', model: 'm', texts, apiKey });
    } catch (error) {
      told.push(error);
      expect(error).toMatchObject({ code: 'E_API_KEY' });
    }
  }
  for (const url of [`http://user:${KEY}@h/v1`, `ftp://h/${KEY}`, `no url ${KEY}`]) {
    try {
      promptedModel({ url, model: 'm', texts });
    } catch (error) {
      told.push(error);
      expect(error).toMatchObject({ code: 'E_URL' });
    }
  }
  const query = promptedModel({ url: `http://127.0.0.1:9/v1?key=${KEY}`, model: 'm', texts, retries: 0 });
  told.push(await rateOne(query).catch((e: unknown) => e));
  expect(told.length).toBeGreaterThan(30);
  expect(inspect(told, { depth: 20, showHidden: true, maxStringLength: null, maxArrayLength: null })).not.toContain(
    KEY,
  );
  const files = (await readdir(at.cacheDir, { recursive: true, withFileTypes: true })).filter((file) => file.isFile());
  expect(files.length).toBeGreaterThan(2);
  // By construction: nothing that an endpoint said is in them.
  for (const file of files) {
    const kept: object = JSON.parse(await readFile(join(file.parentPath, file.name), 'utf8'));
    expect(Object.keys(kept).sort()).toEqual(['hash', 'key', 'rating']);
  }
});

test('options that make no sense are named', () => {
  const make = (options: object) => () => promptedModel({ url: 'http://h/v1', model: 'm', texts, ...options });
  expect(make({ tempalte: '' })).toThrow('Did you mean "template"?');
  expect(make({ template: 'x {action}' })).toThrow('{history}');
  expect(make({ concurrency: 0 })).toThrow('concurrency');
  expect(make({ texts: [] })).toThrow('one string per item');
  expect(make({ texts: ['a', null] })).toThrow('one string per item');
  expect(make({ budget: { cost: 1 } })).toThrow('needs the option prices');
  expect(make({ budget: { requets: 1 } })).toThrow('Did you mean "requests"?');
  expect(make({ budget: { tokens: -1 } })).toThrow(
    'promptedModel.budget: tokens must be a number of at least 0. Got -1',
  );
  expect(make({ budget: null })).toThrow('promptedModel: budget must be an object. Got null');
  expect(make({ prices: { prompt: 1 } })).toThrow('promptedModel.prices: completion must be a finite number');
  expect(make({ backoff: { first: -1 } })).toThrow('promptedModel.backoff: first must be a number from 0');
  expect(make({ timeout: 0 })).toThrow('promptedModel: timeout must be a number from 1');
  expect(make({ parameters: { stream: true } })).toThrow('cannot set this field');
  const unlimited = { max_tokens: null };
  expect(make({ parameters: unlimited, budget: { tokens: 9 } })).toThrow('max_tokens');
  expect(make({ parameters: unlimited, prices: { prompt: 0, completion: 0 } })).toThrow('max_tokens');
  expect(make({ parameters: { max_completion_tokens: 0.5 } })).toThrow('max_tokens');
  expect(make({ parameters: null })).toThrow('parameters must be an object');
  expect(make({ wrongAnswer: 'zero' })).toThrow('wrongAnswer');
});
