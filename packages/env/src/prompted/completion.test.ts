import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { windowsOf } from '@lea/data';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { PromptedModelOptions } from './options.ts';
import { promptedModel } from './prompted-model.ts';
import { type ChatServer, chatServer, type Handler, say, tokens } from './testing.ts';

/** Waits that were asked for: none of them is kept to. */
const waits = vi.hoisted((): number[] => []);
vi.mock('../shared/waits.ts', async (original) => ({
  ...(await original<typeof import('../shared/waits.ts')>()),
  pause: async (milliseconds: number) => void waits.push(milliseconds),
}));

const KEY = 'sk-very-secret/0123456789';
let cacheDir: string;
let server: ChatServer | undefined;
beforeEach(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), 'lea-completion-'));
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
  waits.length = 0;
});
afterEach(async () => {
  vi.restoreAllMocks();
  await server?.close();
  await rm(cacheDir, { recursive: true });
});

async function ask(handler: Handler, options: Partial<PromptedModelOptions> = {}) {
  server = await chatServer(handler);
  const texts = ['Tea', 'Cup'];
  const model = promptedModel({ url: server.url, model: 'm', texts, cacheDir, apiKey: KEY, ...options });
  const work = model.rewards(windowsOf([[0]], 5, 2), Int32Array.of(1));
  const outcome: { rating?: number; error?: unknown } = await work.then(
    ([rating]) => ({ rating: rating! }),
    (error: unknown) => ({ error }),
  );
  const stored = (await readdir(cacheDir, { recursive: true })).filter((name) => name.endsWith('.json')).length;
  return { ...outcome, stored, seen: server.seen.map(({ body }) => body), spent: model.spent };
}

/** A body as it is, with status 200. */
const body =
  (content: unknown): Handler =>
  (response) =>
    void response.end(typeof content === 'string' ? content : JSON.stringify(content));
const choice = (one: object): Handler => body({ choices: [one], usage: tokens(40, 8) });
const rated = { role: 'assistant', content: '{"rating": 1}' };
const missing = { wrongAnswer: 'missing', answerRetries: 2, retries: 2 } as const;

describe('an outage behind status 200 passes, and is no opinion', () => {
  test.each<[string, Handler, string]>([
    ['an error in place of choices', body({ error: { message: 'no room', code: 502 } }), 'an error: no room'],
    ['an error that is a text', body({ error: 'no room' }), 'an error: no room'],
    ['an error beside choices', body({ error: { message: 'no room' }, choices: [{ message: rated }] }), 'no room'],
    [
      'an error inside the choice',
      choice({ message: { content: '' }, finish_reason: 'error', error: { message: 'no room', code: 502 } }),
      'an error: no room',
    ],
    ['an error inside a choice that ended well', choice({ message: rated, error: { message: 'no room' } }), 'no room'],
    ['the end "error"', choice({ message: rated, finish_reason: 'error' }), '(finish_reason "error"): {"rating": 1}'],
    ['the end "abort"', choice({ message: { content: '1' }, finish_reason: 'abort' }), '(finish_reason "abort"): 1'],
    ['content null', choice({ message: { content: null }, finish_reason: 'stop' }), 'sent an empty answer'],
    ['no content', choice({ message: {}, finish_reason: 'stop' }), 'sent an empty answer'],
    ['empty content', choice({ message: { content: ' \n' } }), 'sent an empty answer'],
    ['no parts', choice({ message: { content: [] } }), 'sent an empty answer'],
    ['empty parts', choice({ message: { content: [{ type: 'text', text: '' }] } }), 'sent an empty answer'],
    ['no choices', body({ choices: [] }), 'not a chat completion: {"choices":[]}'],
    [
      'a message that is none',
      choice({ message: 'no room' }),
      'not a chat completion: {"choices":[{"message":"no room"}]',
    ],
    ['an error of another form', body({ detail: 'no room' }), 'not a chat completion: {"detail":"no room"}'],
    ['a page', body('<html>no room</html>'), 'not JSON: <html>no room</html>'],
  ])('%s', async (_, outage, said) => {
    const { error, seen, stored } = await ask(outage, missing);
    expect(error).toMatchObject({ code: 'E_ENDPOINT', message: expect.stringContaining(said) });
    expect((error as Error).message).toContain('(3 attempts)');
    // The question as it was, after growing waits.
    expect(waits).toEqual([250, 500]);
    expect(seen[2]).toEqual(seen[0]);
    expect(stored).toBe(0);
  });

  test('and the answer after it is taken', async () => {
    const { rating, stored, spent } = await ask((response, seen, n) =>
      n === 0 ? choice({ message: rated, finish_reason: 'error' })(response, seen, n) : say(response, '{"rating": 10}'),
    );
    expect(rating).toBe(10);
    expect(stored).toBe(1);
    // What it says that it used is counted.
    expect(spent).toMatchObject({ requests: 2, tokens: 96 });
  });
});

describe('an answer that does not come to its end is no rating, and is not kept', () => {
  test.each([
    ['length', /cut off at max_tokens\. Got "1"\. Increase max_tokens/],
    ['content_filter', /ended with "content_filter"\. Got "1"/],
    ['tool_calls', /ended with "tool_calls"/],
    ['STOP?', /ended with "STOP\?"/],
    [`so ${KEY}`, /ended with "so \*\*\*"/],
    ['', /ended with ""/],
    [7, /ended with "7"/],
  ])('%j', async (finish_reason, message) => {
    const cut = choice({ message: { content: '1' }, finish_reason });
    const { error, seen } = await ask(cut);
    expect(error).toMatchObject({ code: 'E_ANSWER', message: expect.stringMatching(message) });
    expect(seen).toHaveLength(3);
    await server!.close();
    const missed = await ask(cut, missing);
    expect(missed).toMatchObject({ rating: Number.NaN, stored: 0 });
    expect(waits).toEqual([]);
  });

  test.each(['length', 'content_filter'])('nothing is left of it: %s', async (finish_reason) => {
    const { rating, stored } = await ask(choice({ message: { content: null }, finish_reason }), missing);
    expect([rating, stored, waits]).toEqual([Number.NaN, 0, []]);
  });

  test.each([['stop'], [null], [undefined]])('one that ends with %j does', async (finish_reason) => {
    expect(await ask(choice({ message: { content: '1' }, finish_reason }))).toMatchObject({ rating: 1, stored: 1 });
  });

  test('a refusal is an answer', async () => {
    const refusal = choice({ message: { content: null, refusal: 'I do not rate tea.' }, finish_reason: 'stop' });
    const { error } = await ask(refusal);
    expect(error).toMatchObject({ code: 'E_ANSWER', value: 'I do not rate tea.' });
    await server!.close();
    expect(await ask(refusal, missing)).toMatchObject({ rating: Number.NaN, stored: 1 });
  });
});

describe('Retry-After', () => {
  const busy = (after: string, status = 429): Handler => {
    return (response, _, n) => {
      if (n > 2) return say(response, '3');
      response.writeHead(status, { 'retry-after': after });
      response.end(JSON.stringify({ error: { message: 'busy' } }));
    };
  };
  test.each(['0', '0.0', '-3', 'Mon, 01 Jan 2024 00:00:00 GMT', 'soon'])('%s asks for nothing', async (after) => {
    expect((await ask(busy(after))).rating).toBe(3);
    expect(waits).toEqual([250, 500, 1000]);
  });
  test.each([429, 503, 200])('is kept to, of status %d', async (status) => {
    expect((await ask(busy('7', status))).rating).toBe(3);
    expect(waits).toEqual([7000, 7000, 7000]);
  });
  test('one that is too long ends the run', async () => {
    const { error, seen } = await ask(busy('3600'));
    expect(error).toMatchObject({ code: 'E_ENDPOINT', message: expect.stringContaining('It asks to wait 3600 s') });
    expect(seen).toHaveLength(1);
  });
});

describe('asking again', () => {
  const roles = (seen: readonly { messages: readonly { role: string }[] }[]) =>
    seen.map(({ messages }) => messages.map(({ role }) => role).join(' '));
  const inTurn: Handler = (response, seen, n) => {
    const speakers = seen.body.messages.map(({ role }) => role).filter((role) => role !== 'system');
    if (!speakers.every((role, i) => role === ['user', 'assistant'][i % 2])) {
      return void response.writeHead(400).end('{"message": "Conversation roles must alternate user/assistant/..."}');
    }
    say(response, n < 2 ? `wrong ${n}\nso 7` : '7');
  };

  test('holds to turns, with the wrong answer as the assistant’s', async () => {
    const { rating, seen } = await ask(inTurn);
    expect(rating).toBe(7);
    expect(roles(seen)).toEqual(['system user', 'system user assistant user', 'system user assistant user']);
    expect(seen[2]!.messages[2]!.content).toBe('wrong 1\nso 7');
    expect(seen[2]!.messages.slice(0, 2)).toEqual(seen[0]!.messages);
  });

  test.each([
    ['thoughts are left out', '<think>7?</think> about 7', 'about 7'],
    ['of thoughts alone there is nothing', '<think>7?</think>', '(nothing)'],
    ['parts are read', [{ type: 'text', text: 'about 7' }], 'about 7'],
    ['other things are none', { rating: 7 }, '(nothing)'],
    ['long answers are shortened between characters', `${'x'.repeat(999)}👩`, `${'x'.repeat(999)}\ufffd`],
  ])('%s', async (_, content, shown) => {
    const { seen } = await ask((response, __, n) => say(response, n === 0 ? content : '7'));
    expect(seen[1]!.messages[2]).toEqual({ role: 'assistant', content: shown });
  });

  test.each(['', ' \n'])('there is no empty system message: %j', async (system) => {
    const { rating, seen } = await ask(inTurn, { system });
    expect(rating).toBe(7);
    expect(roles(seen)).toEqual(['user', 'user assistant user', 'user assistant user']);
  });

  test.each([
    [400, 'System role not supported'],
    [400, "Unsupported value: 'messages[0].role' does not support 'system' with this model."],
    [400, 'Conversation roles must alternate user/assistant/user/assistant/...'],
    [400, 'Only user and assistant roles are supported!'],
    [400, 'Developer instruction is not enabled for models/small'],
    [422, 'system messages are not allowed'],
    [500, '{"error":{"message":"Value is not callable: System role not supported"}}'],
  ])('a model without system messages is told in the question, from then on: %d %s', async (status, why) => {
    const handler: Handler = (response, { body: { messages } }) =>
      messages[0]!.role === 'system' ? void response.writeHead(status).end(why) : say(response, '7');
    server = await chatServer(handler);
    const model = promptedModel({
      url: server.url,
      model: 'm',
      texts: ['Tea', 'Cup'],
      system: 'Rate.',
      concurrency: 1,
    });
    expect([...(await model.rewards(windowsOf([[0]], 5, 2), Int32Array.of(0, 1)))]).toEqual([7, 7]);
    const [whole, one, two] = server.seen.map(({ body }) => body.messages);
    expect(one).toEqual([{ role: 'user', content: `Rate.\n\n${whole![1]!.content}` }]);
    expect(two).toHaveLength(1);
    expect(server.seen).toHaveLength(3);
    expect(waits).toEqual([]);
  });

  test('a refusal that goes on without the system message is told', async () => {
    const { error, seen } = await ask((response) => void response.writeHead(400).end('system role, and more'));
    expect(error).toMatchObject({ code: 'E_ENDPOINT', message: expect.stringContaining('status 400') });
    expect(roles(seen)).toEqual(['system user', 'user']);
  });
});

describe('parameters', () => {
  test.each<[object, object]>([
    [{}, { temperature: 0, max_tokens: 32 }],
    [{ reasoning_effort: 'none' }, { temperature: 0, max_tokens: 32, reasoning_effort: 'none' }],
    [
      { max_tokens: 99, seed: undefined, temperature: undefined },
      { temperature: 0, max_tokens: 99 },
    ],
    [{ temperature: null, top_p: null }, { max_tokens: 32 }],
    [{ temperature: null, max_tokens: null }, {}],
    [{ max_completion_tokens: 64 }, { temperature: 0, max_completion_tokens: 64 }],
    [{ max_completion_tokens: null }, { temperature: 0, max_tokens: 32 }],
  ])('%j', async (parameters, sent) => {
    const { seen } = await ask((response) => say(response, '7'), { parameters } as Partial<PromptedModelOptions>);
    const { model: _, messages: __, ...rest } = seen[0]!;
    expect(rest).toEqual(sent);
  });
});

test.each<[string, (key: string) => string]>([
  ['an address', encodeURIComponent],
  ['base64', (key) => Buffer.from(`Bearer ${key}`).toString('base64')],
  ['JSON in JSON', (key) => JSON.stringify(JSON.stringify({ key }))],
])('a key that comes back in %s is in no error', async (_, form) => {
  const echo = form(KEY);
  const handlers: Handler[] = [
    (response) => void response.writeHead(400).end(echo),
    body({ error: { message: echo } }),
    choice({ message: { content: echo } }),
    body(echo),
  ];
  for (const handler of handlers) {
    const { error } = await ask(handler, { retries: 0, answerRetries: 0 });
    expect(error).toMatchObject({ message: expect.stringContaining('***') });
    for (const told of [KEY, 'very-secret', echo]) expect(String(error)).not.toContain(told);
    await server!.close();
  }
});
