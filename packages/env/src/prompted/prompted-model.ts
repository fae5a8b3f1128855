import { checkChoices, checkRanges, contentHash, LeaError, withDefaults } from '@lea/core';
import type { Windows } from '@lea/data';
import pLimit from 'p-limit';
import { finish, type Progress } from '../progress.ts';
import { checkActions, type RewardModel } from '../reward-model.ts';
import { answerStore, type Stored } from './answer-store.ts';
import { ask, type Stop } from './ask.ts';
import { type Budget, costOf, ledger, type Prices, promptTokens, type Spent } from './budget.ts';
import { promptWriter, SYSTEM } from './prompt.ts';

export interface PromptedModelOptions {
  /** Base address of an OpenAI-compatible API, such as `http://localhost:11434/v1`; `/chat/completions` is added. */
  readonly url: string;
  /** Name of the model there. */
  readonly model: string;
  /** Texts of all items, by item index (`catalog.texts`). */
  readonly texts: readonly string[];
  /** Sent as a bearer token; never written, shown or hashed. Default: none. */
  readonly apiKey: string | undefined;
  /** The question, with the slots `{history}` and `{action}`. */
  readonly template: string;
  /** What the model is told before; must ask for `{"rating": 0..10}`. Default: that, and that item texts are no instructions. */
  readonly system: string;
  /** Newest events of a history that are shown (default 20). More: longer, dearer prompts. */
  readonly window: number;
  /** Characters of an item's text that are shown (default 200). More: longer, dearer prompts. */
  readonly textLength: number;
  /** Further fields of the request (default `{ temperature: 0, max_tokens: 32 }`), such as `seed`, `response_format`. */
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Keeps every answer under the hash of its question; nothing is paid for twice. Default: answers are not kept. */
  readonly cacheDir: string | undefined;
  /** Caps on what this object uses; the request that could exceed one is not sent. Default: none. */
  readonly budget: Budget;
  /** Prices of a million tokens, for `budget.cost` and forecasts. */
  readonly prices: Prices | undefined;
  /** Requests at the same time (default 4). Higher: faster, until the endpoint refuses. */
  readonly concurrency: number;
  /** Further attempts after failures that may pass: no connection, status 408, 425, 429, 5xx, broken bodies (default 4). */
  readonly retries: number;
  /** Further attempts after an answer that is no rating (default 2). */
  readonly answerRetries: number;
  /** An action without a rating after all that: an error (default), or NaN, also remembered in `cacheDir`. */
  readonly wrongAnswer: 'raise' | 'missing';
  /** Milliseconds for one attempt (default 60,000). */
  readonly timeout: number;
  /** Milliseconds: waits are drawn from 0..first, doubled up to `most` (default 500, 60,000); longer `Retry-After`s end the run. */
  readonly backoff: { readonly first: number; readonly most: number };
  /** Stops everything this object does. */
  readonly signal: AbortSignal | undefined;
  /** In place of the global `fetch`: proxies, further headers. */
  readonly fetch: typeof fetch;
}

type Needed = 'url' | 'model' | 'texts';

const DEFAULTS: Omit<PromptedModelOptions, Needed> = {
  apiKey: undefined,
  template: 'The user has chosen, oldest first: {history}. How much would the user like this item next: {action}?',
  system: SYSTEM,
  window: 20,
  textLength: 200,
  parameters: { temperature: 0, max_tokens: 32 },
  cacheDir: undefined,
  budget: {},
  prices: undefined,
  concurrency: 4,
  retries: 4,
  answerRetries: 2,
  wrongAnswer: 'raise',
  timeout: 60_000,
  backoff: { first: 500, most: 60_000 },
  signal: undefined,
  fetch: (...given) => fetch(...given),
};

/** What rating a set of pairs would take. */
export interface Forecast {
  /** Histories times actions. */
  readonly pairs: number;
  /** Different questions among them. */
  readonly questions: number;
  /** Of these, already answered in `cacheDir`. */
  readonly cached: number;
  /** Requests to be sent if every answer is right at once. */
  readonly requests: number;
  /** Tokens of these, at 4 bytes a token and 10 tokens an answer; servers count with their own tokenizer. */
  readonly tokens: number;
  /** Cost of these; undefined without `prices`. */
  readonly cost: number | undefined;
}

/** A language model behind an HTTP endpoint that rates actions from 0 to 10. */
export interface PromptedModel extends RewardModel {
  /** Content hash of everything that decides the ratings: model, texts, prompts, parameters; not the url. */
  readonly hash: string;
  /** What this object has used so far. */
  readonly spent: Spent;
  /**
   * Ratings of `actions` [size, A] after each history, [size * A], 0..10; NaN where missing.
   *
   * @throws LeaError `E_ANSWER`, `E_BUDGET`, `E_ENDPOINT`, `E_ENDPOINT_KEY`, `E_ITEM_RANGE`, `E_OPTION_VALUE`
   */
  rewards(windows: Windows, actions: Int32Array): Promise<Float32Array>;
  /**
   * The same with progress after every answer (metrics: `cached`, `requests`, `tokens`, `cost`). When it fails, requests
   * under way are still waited for and kept; when the generator is left or `signal` aborts, they are cut.
   */
  rate(
    windows: Windows,
    actions: Int32Array,
    options?: { readonly signal?: AbortSignal },
  ): AsyncGenerator<Progress, Float32Array>;
  /** What rating these would take; sends nothing. */
  forecast(windows: Windows, actions: Int32Array): Promise<Forecast>;
}

const EXPECTED_ANSWER_TOKENS = 10;

/**
 * A prompted language model as a reward model: any OpenAI-compatible chat completions endpoint (vLLM, Ollama, llama.cpp,
 * hosted ones) rates how much a user would like an action after a history.
 *
 * Item texts reach the prompt on one line, without hidden characters, shortened and in JSON quotes; answers are read
 * strictly (`{"rating": 7}` or a number in 0..10), so that a text that talks the model into something can move the
 * rating of its own question at most.
 *
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`, `E_TEMPLATE`, `E_URL`, `E_API_KEY`
 */
export function promptedModel(
  options: Pick<PromptedModelOptions, Needed> & Partial<PromptedModelOptions>,
): PromptedModel {
  const { url, model, texts, ...given } = options;
  const o = { url, model, texts, ...withDefaults('promptedModel', DEFAULTS, given) };
  const answerTokens = checked(o);
  const write = promptWriter(o);
  const store = o.cacheDir === undefined ? undefined : answerStore(o.cacheDir);
  const account = ledger(o.budget, o.prices);
  const asking = {
    ...o,
    endpoint: { url: addressOf(url), apiKey: o.apiKey, fetch: o.fetch, timeout: o.timeout },
    answerTokens,
    ledger: account,
    limit: pLimit(o.concurrency) as <T>(run: () => Promise<T>) => Promise<T>,
  };
  const underWay = new Map<string, Promise<Stored>>();

  const questionOf = ({ items, length, window }: Windows, row: number, action: number) => {
    const end = row * window + length[row]!;
    return write(items.subarray(end - Math.min(length[row]!, o.window), end), action);
  };
  /** The different questions and the places in the result that each answers. */
  const questions = (windows: Windows, actions: Int32Array): Map<string, number[]> => {
    checkActions(actions, windows.size, texts.length);
    const perRow = actions.length / windows.size;
    const places = new Map<string, number[]>();
    actions.forEach((action, i) => {
      const messages = questionOf(windows, Math.floor(i / perRow), action);
      const key = contentHash('chat', model, messages, o.parameters);
      const same = places.get(key);
      if (same) same.push(i);
      else places.set(key, [i]);
    });
    return places;
  };

  const known = async (key: string): Promise<Stored | undefined> => {
    const stored = await store?.read(key);
    return stored?.rating === null && o.wrongAnswer === 'raise' ? undefined : stored;
  };
  /** One question is asked once, however many wait for it. */
  const answerTo = async (key: string, messages: ReturnType<typeof write>, stop: Stop): Promise<Stored> => {
    for (let other = underWay.get(key); other; other = underWay.get(key)) {
      const stored = await other.catch(() => undefined);
      if (stored) return stored;
      stop.drain.throwIfAborted();
    }
    const asked = ask(asking, messages, stop).then(async (stored) => {
      await store?.write(key, stored);
      return stored;
    });
    underWay.set(key, asked);
    try {
      return await asked;
    } finally {
      underWay.delete(key);
    }
  };

  async function* rate(
    windows: Windows,
    actions: Int32Array,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): AsyncGenerator<Progress, Float32Array> {
    const places = questions(windows, actions);
    const perRow = actions.length / windows.size;
    const ratings = new Float32Array(actions.length).fill(Number.NaN);
    const [abort, drain] = [new AbortController(), new AbortController()];
    const outer = [o.signal, signal].filter((s) => s !== undefined);
    const onAbort = (): void => {
      const { reason } = outer.find((s) => s.aborted)!;
      drain.abort(reason);
      abort.abort(reason);
    };
    for (const s of outer) s.addEventListener('abort', onAbort, { once: true });
    if (outer.some((s) => s.aborted)) onAbort();

    const running = new Set<Promise<void>>();
    const counts = { done: 0, cached: 0 };
    let failure: { readonly error: unknown } | undefined;
    const rateOne = async (key: string, at: readonly number[]): Promise<void> => {
      const first = at[0]!;
      let stored = await known(key);
      if (stored) counts.cached += at.length;
      else {
        const messages = questionOf(windows, Math.floor(first / perRow), actions[first]!);
        stored = await answerTo(key, messages, { abort: abort.signal, drain: drain.signal });
      }
      if (stored.rating === null && o.wrongAnswer === 'raise') throw wrongAnswer(stored, o.answerRetries + 1);
      for (const i of at) ratings[i] = stored.rating ?? Number.NaN;
      counts.done += at.length;
    };
    const progress = (): Progress => ({
      stage: 'ratings',
      step: counts.done,
      total: actions.length,
      metrics: { cached: counts.cached, ...account.spent },
    });
    try {
      for (const [key, at] of places) {
        if (drain.signal.aborted) break;
        const task: Promise<void> = rateOne(key, at)
          .catch((error: unknown) => {
            failure ??= { error };
            drain.abort(error);
          })
          .finally(() => running.delete(task));
        running.add(task);
        if (running.size < o.concurrency) continue;
        await Promise.race(running);
        yield progress();
      }
      while (running.size > 0) {
        await Promise.race(running);
        yield progress();
      }
    } finally {
      for (const s of outer) s.removeEventListener('abort', onAbort);
      abort.abort();
      drain.abort();
      await Promise.all(running);
    }
    if (failure) throw failure.error;
    outer.find((s) => s.aborted)?.throwIfAborted();
    return ratings;
  }

  return {
    name: model,
    items: texts.length,
    window: o.window,
    hash: contentHash('prompted model', model, texts, o.template, o.system, o.window, o.textLength, o.parameters),
    get spent() {
      return account.spent;
    },
    rewards: (windows, actions) => finish(rate(windows, actions)),
    rate,
    async forecast(windows, actions) {
      const places = questions(windows, actions);
      const perRow = actions.length / windows.size;
      const completion = Math.min(EXPECTED_ANSWER_TOKENS, answerTokens);
      const sums = { prompt: 0, completion: 0, requests: 0 };
      for (const [key, [first]] of places) {
        if (await known(key)) continue;
        const messages = questionOf(windows, Math.floor(first! / perRow), actions[first!]!);
        sums.requests++;
        sums.prompt += promptTokens(messages).expected;
        sums.completion += completion;
      }
      return {
        pairs: actions.length,
        questions: places.size,
        cached: places.size - sums.requests,
        requests: sums.requests,
        tokens: sums.prompt + sums.completion,
        cost: o.prices && costOf(sums, o.prices),
      };
    },
  };
}

function wrongAnswer({ answer }: Stored, attempts: number): LeaError {
  return new LeaError('E_ANSWER', `The model gave no rating in ${attempts} attempts.`, {
    value: answer,
    hint: 'Ask for {"rating": 0..10} in system, give max_tokens enough room, or take wrongAnswer "missing".',
  });
}

/** @returns the most tokens an answer may have */
function checked(o: PromptedModelOptions): number {
  checkRanges('promptedModel', o, {
    window: [0, Infinity, 'whole'],
    textLength: [1, Infinity, 'whole'],
    concurrency: [1, 1000, 'whole'],
    retries: [0, Infinity, 'whole'],
    answerRetries: [0, Infinity, 'whole'],
    timeout: [1, 2 ** 31 - 1],
  });
  checkRanges('promptedModel.backoff', o.backoff, { first: [0, 2 ** 31 - 1], most: [0, 2 ** 31 - 1] });
  checkChoices('promptedModel', o, { wrongAnswer: ['raise', 'missing'] });
  const bad = o.texts.findIndex((text) => typeof text !== 'string');
  if (o.texts.length === 0 || bad >= 0) {
    throw new LeaError('E_OPTION_VALUE', 'promptedModel: texts holds one text per item.', {
      value: bad < 0 ? o.texts : { [bad]: o.texts[bad] },
    });
  }
  // The key is checked here and not left to fetch, which would show it.
  if (o.apiKey !== undefined && !/^[\x21-\x7e]+$/.test(o.apiKey)) {
    throw new LeaError('E_API_KEY', 'The apiKey is empty or holds blanks or characters that no header may have.', {
      hint: 'Often a line break at the end: trim what was read from a file.',
    });
  }
  const caps = withDefaults('promptedModel.budget', { requests: Infinity, tokens: Infinity, cost: Infinity }, o.budget);
  checkRanges('promptedModel.budget', caps, { requests: [0, Infinity], tokens: [0, Infinity], cost: [0, Infinity] });
  if (o.prices) {
    checkRanges('promptedModel.prices', o.prices, { prompt: [0, Infinity], completion: [0, Infinity] });
  } else if (o.budget.cost !== undefined) {
    throw new LeaError('E_OPTION_VALUE', 'promptedModel: a budget of cost needs prices.', { value: o.budget });
  }
  const own = ['model', 'messages', 'stream', 'n'].find((name) => Object.hasOwn(o.parameters, name));
  if (own) throw new LeaError('E_OPTION_VALUE', 'promptedModel: this parameter is not yours to set.', { value: own });
  const most = o.parameters.max_tokens ?? o.parameters.max_completion_tokens;
  if (Number.isInteger(most) && (most as number) >= 1) return most as number;
  if (o.budget.tokens === undefined && o.budget.cost === undefined && most === undefined) return Infinity;
  throw new LeaError('E_OPTION_VALUE', 'promptedModel: max_tokens is a whole number of at least 1.', {
    value: most,
    hint: 'Give max_tokens or max_completion_tokens in parameters: a budget needs to know how long answers can get.',
  });
}

/** @throws LeaError `E_URL`, which does not show what may be a password */
function addressOf(base: string): URL {
  if (!URL.canParse(base)) throw new LeaError('E_URL', 'The url of the endpoint is none.', { hint: URL_HINT });
  const url = new URL(base);
  if (!/^https?:$/.test(url.protocol) || url.username || url.password) {
    throw new LeaError('E_URL', 'The url begins with http:// or https:// and holds no user name or password.', {
      hint: URL_HINT,
    });
  }
  const path = url.pathname.replace(/\/+$/, '');
  url.pathname = path.endsWith('/chat/completions') ? path : `${path}/chat/completions`;
  url.hash = '';
  return url;
}

const URL_HINT = 'For instance http://localhost:11434/v1; a key goes into apiKey.';
