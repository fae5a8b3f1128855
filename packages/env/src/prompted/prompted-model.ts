import { checkArrays, checkObjects, checkTexts, contentHash, type Given, LeaError, type Task, task } from '@lea/core';
import { checkWindows, type RewardModel, type Windows } from '@lea/data';
import pLimit from 'p-limit';
import type { EnvironmentEvent } from '../shared/events.ts';
import { newestItems } from '../shared/newest-items.ts';
import { answerStore, type Rating } from './answer-store.ts';
import { type Answer, ask, type Stop } from './ask.ts';
import { costOf, EXPECTED_ANSWER_TOKENS, ledger, promptTokens, type Spent } from './budget.ts';
import {
  type Asked,
  addressOf,
  checkOptions,
  type Needed,
  type PromptedModelOptions,
  promptedModelOptions,
} from './options.ts';
import { meanRatings, type Shown, shownActions } from './pairs.ts';
import { promptWriter } from './prompt.ts';

/** Expected usage for rating a set of pairs. */
export interface Forecast {
  /** Number of pairs of a history and an action. */
  readonly pairs: number;
  /** Number of distinct questions among them. */
  readonly questions: number;
  /** Number of questions with a rating in `cacheDir`. */
  readonly cached: number;
  /** Number of requests if all first answers are valid. */
  readonly requests: number;
  /** Estimated tokens of these requests, with 4 bytes per token and 10 tokens per answer; servers count differently. */
  readonly tokens: number;
  /** Estimated cost of these requests; undefined without `prices`. */
  readonly cost: number | undefined;
}

/** A language model behind an HTTP endpoint that rates actions from 0 to 10. */
export interface PromptedModel extends RewardModel {
  /** Hash of everything that determines the ratings: model, texts, prompts and parameters, but not the URL. */
  readonly hash: string;
  /** Usage of this object so far. */
  readonly spent: Spent;
  /**
   * Ratings (0 to 10) of `actions` [size, A] after each history, [size * A]; NaN if missing.
   *
   * @throws LeaError `E_ANSWER`, `E_BUDGET`, `E_ENDPOINT`, `E_ENDPOINT_KEY`, `E_ITEM_RANGE`, `E_OPTION_VALUE`
   */
  rewards(windows: Windows, actions: Int32Array): Promise<Float32Array>;
  /**
   * Like `rewards`, with a progress event after every rating (metrics: `cached`, `requests`, `tokens`, `cost`). After an
   * error, running requests are finished and cached. If the loop over the events ends early or `signal` aborts, they are
   * aborted.
   */
  rate(
    windows: Windows,
    actions: Int32Array,
    options?: {
      /** Aborts the rating. */
      readonly signal?: AbortSignal;
    },
  ): Task<Float32Array, EnvironmentEvent<'ratings'>>;
  /** Estimates the usage of rating these pairs without sending requests. */
  forecast(windows: Windows, actions: Int32Array): Promise<Forecast>;
}

/**
 * Creates a reward model from a prompted language model behind any OpenAI-compatible chat completions endpoint (vLLM,
 * Ollama, llama.cpp, hosted services). The model rates how much a user would like an action after a history.
 *
 * Prompt injection is limited: item texts are put on one line, stripped of invisible characters, shortened and quoted as
 * JSON, and only `{"rating": 7}` or a number in 0..10 is accepted as an answer. A malicious text can change only the ratings
 * of questions that contain it.
 *
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`, `E_TEMPLATE`, `E_URL`, `E_API_KEY`
 */
export function promptedModel(
  options: Pick<PromptedModelOptions, Needed> & Given<PromptedModelOptions>,
): PromptedModel {
  checkObjects('promptedModel', { options });
  checkTexts('promptedModel', { url: options.url, model: options.model });
  checkArrays('promptedModel', { texts: options.texts });
  const o = promptedModelOptions(options);
  const { url, model, texts } = o;
  const answerTokens = checkOptions(o);
  const write = promptWriter({ ...o, placeholders: o.form.placeholders });
  const store = o.cacheDir === undefined ? undefined : answerStore(o.cacheDir);
  const account = ledger(o.budget, o.prices);
  const asking = {
    ...o,
    endpoint: {
      url: addressOf(url),
      apiKey: o.apiKey,
      fetch: o.fetch ?? ((...given) => fetch(...given)),
      timeout: o.timeout,
    },
    answerTokens,
    ledger: account,
    takes: { system: true },
    limit: pLimit(o.concurrency) as <T>(run: () => Promise<T>) => Promise<T>,
  };
  const underWay = new Map<string, Promise<Answer>>();

  const messagesOf = (windows: Windows, actions: Int32Array, shown: Shown) => {
    const row = Math.floor((shown[0]! * windows.size) / actions.length);
    return write(
      newestItems(windows, row, o.window),
      shown.map((i) => actions[i]!),
    );
  };
  /** The distinct questions, each with the actions that it shows. */
  const questions = (windows: Windows, actions: Int32Array): Map<string, Shown[]> => {
    checkWindows(windows, texts.length);
    const places = new Map<string, Shown[]>();
    for (const shown of shownActions(o.question, windows, actions, texts.length)) {
      const key = contentHash('chat', o.question, o.answer, model, messagesOf(windows, actions, shown), o.parameters);
      const same = places.get(key);
      if (same) same.push(shown);
      else places.set(key, [shown]);
    }
    return places;
  };

  const known = async (key: string): Promise<Rating | undefined> => {
    const rating = await store?.read(key);
    return rating === null && o.wrongAnswer === 'throw' ? undefined : rating;
  };
  /** Asks each question once, even if several calls wait for its answer. */
  const answerTo = async (key: string, messages: ReturnType<typeof write>, stop: Stop): Promise<Answer> => {
    for (let other = underWay.get(key); other; other = underWay.get(key)) {
      const answer = await unlessAborted(
        other.catch(() => undefined),
        stop.abort,
      );
      if (answer) return answer;
      stop.drain.throwIfAborted();
    }
    const asked = ask(asking, messages, stop).then(async (answer) => {
      if (answer.cut === undefined) await store?.write(key, answer.rating);
      return answer;
    });
    underWay.set(key, asked);
    try {
      return await asked;
    } finally {
      underWay.delete(key);
    }
  };

  async function* rating(
    windows: Windows,
    actions: Int32Array,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): AsyncGenerator<EnvironmentEvent<'ratings'>, Float32Array> {
    const places = questions(windows, actions);
    const total = [...places.values()].reduce((sum, { length }) => sum + length, 0);
    const ratings = meanRatings(actions.length);
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
    const rateOne = async (key: string, at: readonly Shown[]): Promise<void> => {
      let rating = await known(key);
      if (rating !== undefined) counts.cached += at.length;
      else {
        const messages = messagesOf(windows, actions, at[0]!);
        const answer = await answerTo(key, messages, { abort: abort.signal, drain: drain.signal });
        ({ rating } = answer);
        if (rating === null && o.wrongAnswer === 'throw') throw wrongAnswer(answer, o.answerRetries + 1);
      }
      if (rating !== null) for (const shown of at) ratings.add(shown, rating);
      counts.done += at.length;
    };
    const progress = (): EnvironmentEvent<'ratings'> => ({
      stage: 'ratings',
      done: counts.done,
      total,
      unit: 'pairs',
      metrics: { cached: counts.cached, ...account.spent },
    });
    try {
      for (const [key, at] of places) {
        if (drain.signal.aborted) break;
        const rated: Promise<void> = rateOne(key, at)
          .catch((error: unknown) => {
            failure ??= { error };
            drain.abort(error);
          })
          .finally(() => running.delete(rated));
        running.add(rated);
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
    return ratings.means();
  }

  return {
    name: model,
    items: texts.length,
    window: o.window,
    hash: hashOf(o),
    get spent() {
      return account.spent;
    },
    rewards: async (windows, actions) => task(() => rating(windows, actions)),
    rate: (windows, actions, options) => task(() => rating(windows, actions, options)),
    async forecast(windows, actions) {
      const places = questions(windows, actions);
      const completion = Math.min(EXPECTED_ANSWER_TOKENS, answerTokens);
      const sums = { prompt: 0, completion: 0, requests: 0 };
      for (const [key, [first]] of places) {
        if ((await known(key)) !== undefined) continue;
        const messages = messagesOf(windows, actions, first!);
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

function hashOf({ question, answer, model, texts, template, system, window, textLength, parameters }: Asked): string {
  return contentHash(
    'prompted model',
    question,
    answer,
    model,
    texts,
    template,
    system,
    window,
    textLength,
    parameters,
  );
}

function wrongAnswer({ said, cut }: Answer, attempts: number): LeaError {
  return new LeaError('E_ANSWER', `The model gave no valid rating in ${attempts} attempts${lastEnd(cut)}.`, {
    value: said,
    hint:
      cut === 'length'
        ? 'Increase max_tokens in parameters. If the model reasons before it answers, disable that.'
        : 'Force the form with response_format or a grammar in parameters, set answer to "logprobs", or wrongAnswer to "missing".',
  });
}

function lastEnd(cut: string | undefined): string {
  if (cut === undefined) return '';
  return cut === 'length' ? '; the last answer was cut off at max_tokens' : `; the last answer ended with "${cut}"`;
}

/** The result of `work`, or the signal's reason as soon as it aborts. `work` itself continues. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
