import { windowsOf } from '@lea/data';
import { describe, expect, test } from 'vitest';
import { choiceIn, DIGITS, expectedIn } from './answer.ts';
import { type Handler, modelServers, questionIn, say, texts, tokens } from './testing.ts';

const at = modelServers();
const { serve } = at;

/** Responds with the log probabilities of one token. */
function sayTokens(response: Parameters<Handler>[0], probabilities: Readonly<Record<string, number>>): void {
  const top_logprobs = Object.entries(probabilities).map(([token, p]) => ({ token, logprob: Math.log(p) }));
  const choice = {
    message: { role: 'assistant', content: top_logprobs[0]!.token },
    logprobs: { content: [{ ...top_logprobs[0], top_logprobs }] },
    finish_reason: 'length',
  };
  response.end(JSON.stringify({ choices: [choice], usage: tokens(40, 1) }));
}

const shown = (question: string): string[] => /A: "(\w+)". B: "(\w+)"/.exec(question)!.slice(1);
const histories = windowsOf([[0, 1], []], 5, texts.length);

describe('a rating from log probabilities', () => {
  test('is the expected digit on the scale of ratings, whatever else is likely', async () => {
    // (0.2 * 6 + 0.1 * 9) / 0.3 = 7 of 9.
    const server = await serve((response) => sayTokens(response, { The: 0.5, '6': 0.2, ' 9': 0.1 }));
    const model = server.make({ answer: 'logprobs' });
    const [rating] = await model.rewards(windowsOf([[0]], 5, 5), Int32Array.of(1));
    expect(rating).toBeCloseTo(70 / 9, 5);
    const { model: _, messages, ...fields } = server.seen[0]!.body;
    expect(fields).toEqual({ temperature: 0, max_tokens: 1, logprobs: true, top_logprobs: 20 });
    expect(messages[0]!.content).toContain('Answer with one digit from 0 to 9');
    expect(model.spent).toMatchObject({ requests: 1, tokens: 41 });
    expect((await server.make({ answer: 'logprobs' }).forecast(histories, Int32Array.of(1, 2))).requests).toBe(2);
  });

  test('without a digit is asked for again, and is missing after that', async () => {
    const server = await serve((response) => sayTokens(response, { The: 0.9, A: 0.1 }));
    const model = server.make({ answer: 'logprobs', wrongAnswer: 'missing' });
    expect([...(await model.rewards(windowsOf([[0]], 5, 5), Int32Array.of(1)))]).toEqual([Number.NaN]);
    expect(server.seen).toHaveLength(3);
    expect(server.seen[1]!.body.messages.at(-1)!.content).toContain('Answer with one digit');
    // It is kept, although every answer ends at its limit of one token.
    const again = server.make({ answer: 'logprobs', wrongAnswer: 'missing' });
    expect([...(await again.rewards(windowsOf([[0]], 5, 5), Int32Array.of(1)))]).toEqual([Number.NaN]);
    expect(again.spent.requests).toBe(0);
  });

  test('an endpoint that sends no log probabilities is told at once', async () => {
    const server = await serve((response) => say(response, '7'));
    await expect(
      server.make({ answer: 'logprobs', wrongAnswer: 'missing' }).rewards(histories, Int32Array.of(1, 2)),
    ).rejects.toThrow(/sent no log probabilities\..*Set answer to "text"\./);
    expect(server.seen.length).toBeLessThanOrEqual(2);
  });

  test.each<[string, unknown[], number | undefined]>([
    ['the first token that is a digit counts', [['{"'], ['rating'], ['":'], [' 7', { ' 7': 0.6, '8': 0.2 }]], 725 / 90],
    ['digits in thoughts do not', [['3', { '3': 1 }], ['</think>'], ['9', { '9': 1 }]], 10],
    [
      'without such a token the first one does',
      [
        ['The', { '0': 0.1, '9': 0.1 }],
        ['user', { '9': 1 }],
      ],
      5,
    ],
    ['two digits are no digit', [['10', { '10': 1 }]], undefined],
    ['nothing is no rating', [], undefined],
    ['nor is something else', ['x', null], undefined],
  ])('%s', (_, given, rating) => {
    const content = given.map((one) =>
      Array.isArray(one)
        ? {
            token: one[0],
            top_logprobs: Object.entries<number>(one[1] ?? {}).map(([token, p]) => ({ token, logprob: Math.log(p) })),
          }
        : one,
    );
    const found = expectedIn(content, DIGITS);
    if (rating === undefined) expect(found).toBeUndefined();
    else expect(found).toBeCloseTo(rating, 10);
  });
});

describe('a choice', () => {
  /** Chooses the longer text, and the first place among equal ones. */
  const longer: Handler = (response, seen) => {
    const [a, b] = shown(questionIn(seen));
    say(response, a!.length >= b!.length ? 'A' : '{"choice": "B"}');
  };

  test('gives 10 times the share of the others that an action wins, in both orders', async () => {
    const server = await serve(longer);
    // Pot, Saw, Nail after each history; Pot and Saw each win against the other where they come first.
    const model = server.make({ question: 'choice' });
    const actions = Int32Array.of(2, 3, 4, 2, 3, 4);
    const forecast = await model.forecast(histories, actions);
    expect(forecast).toMatchObject({ pairs: 6, questions: 12, requests: 12 });
    const totals = new Set<unknown>();
    const work = model.rate(histories, actions);
    for await (const { total } of work) totals.add(total);
    expect([...(await work)]).toEqual([2.5, 2.5, 10, 2.5, 2.5, 10]);
    expect([...totals]).toEqual([12]);
    expect(server.seen).toHaveLength(12);
    const again = server.make({ question: 'choice' });
    expect([...(await again.rewards(histories, actions))]).toEqual([2.5, 2.5, 10, 2.5, 2.5, 10]);
    expect(again.spent.requests).toBe(0);
    expect(model.hash).not.toBe(server.make().hash);
  });

  test('a preference for a place cancels out', async () => {
    const server = await serve((response) => sayTokens(response, { A: 0.6, B: 0.2 }));
    const model = server.make({ question: 'choice', answer: 'logprobs' });
    expect([...(await model.rewards(histories, Int32Array.of(2, 3, 2, 3)))]).toEqual([5, 5, 5, 5]);
  });

  test('from log probabilities is the mean probability', async () => {
    const server = await serve((response, seen) => {
      const [a] = shown(questionIn(seen));
      sayTokens(response, a === 'Nail' ? { B: 0.1, A: 0.3, The: 0.6 } : { A: 0.5, B: 0.5 });
    });
    const model = server.make({ question: 'choice', answer: 'logprobs' });
    const [pot, nail] = await model.rewards(windowsOf([[0]], 5, 5), Int32Array.of(2, 4));
    expect(nail).toBeCloseTo(10 * ((0.75 + 0.5) / 2), 5);
    expect(pot).toBeCloseTo(10 * ((0.25 + 0.5) / 2), 5);
  });

  test('does not compare an item with itself', async () => {
    const server = await serve(longer);
    const model = server.make({ question: 'choice' });
    expect([...(await model.rewards(windowsOf([[0]], 5, 5), Int32Array.of(4, 2, 4)))]).toEqual([10, 0, 10]);
    expect(server.seen).toHaveLength(2);
    expect([...(await model.rewards(windowsOf([[0]], 5, 5), Int32Array.of(4, 4)))]).toEqual([Number.NaN, Number.NaN]);
  });

  test('needs two actions, and a template for two', async () => {
    const server = await serve(longer);
    const model = server.make({ question: 'choice' });
    await expect(model.rewards(histories, Int32Array.of(2, 3))).rejects.toMatchObject({ code: 'E_OPTION_VALUE' });
    expect(() => server.make({ question: 'choice', template: '{history}: {action}?' })).toThrow(
      'The placeholders are {history} and {a} and {b}.',
    );
    expect(() => server.make({ question: 'choice', template: '{history}: {a}?' })).toThrow('must contain {b}');
  });

  test.each<[unknown, number | undefined]>([
    ['A', 10],
    [' B\n', 0],
    ['"A"', 10],
    ['{"choice": "B"}', 0],
    ['```json\n{"choice": "A"}\n```', 10],
    ['<think>A?</think>B', 0],
    ['a', undefined],
    ['A or B', undefined],
    ['A.', undefined],
    ['{"rating": "A"}', undefined],
    ['', undefined],
    [null, undefined],
  ])('is read from %j', (answer, rating) => expect(choiceIn(answer)).toBe(rating));
});
