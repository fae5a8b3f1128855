import { checkChoices, checkRanges, LeaError, withDefaults } from '@lea/core';
import { checkSecret } from '../shared/secret.ts';
import { type Budget, EXPECTED_ANSWER_TOKENS, type Prices } from './budget.ts';
import { SYSTEM } from './prompt.ts';

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
  /**
   * What the model is told before; must ask for `{"rating": 0..10}`. Default: that, and that item texts are no instructions.
   * Of a model that takes no system messages it begins the question. Empty: nothing is sent; the template must ask then.
   */
  readonly system: string;
  /** Newest events of a history that are shown (default 20). More: longer, dearer prompts. */
  readonly window: number;
  /** Characters of an item's text that are shown (default 200). More: longer, dearer prompts. */
  readonly textLength: number;
  /**
   * Further fields of the request, such as `seed`, `response_format`, beside `temperature: 0` and `max_tokens: 32`; null
   * takes one of these out, `max_completion_tokens` takes the place of `max_tokens`. A higher `max_tokens` leaves room to
   * models that think before they answer, and reserves more of a budget.
   */
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Keeps every answer under the hash of its question; nothing is paid for twice. Default: answers are not kept. */
  readonly cacheDir: string | undefined;
  /** Caps on what this object uses; the request that could exceed one is not sent. Default: none. */
  readonly budget: Budget;
  /** Prices of a million tokens, for `budget.cost` and forecasts; they need `max_tokens` in parameters. */
  readonly prices: Prices | undefined;
  /** Requests at the same time (default 4). Higher: faster, until the endpoint refuses. */
  readonly concurrency: number;
  /**
   * Further attempts after failures that may pass (default 4): no connection, status 408, 425, 429, 5xx, broken bodies,
   * errors and empty answers behind a good status.
   */
  readonly retries: number;
  /** Further attempts after an answer that is no rating (default 2). */
  readonly answerRetries: number;
  /**
   * An action without a rating after all that: an error (default), or NaN, also remembered in `cacheDir` if the last answer
   * came to its end.
   */
  readonly wrongAnswer: 'throw' | 'missing';
  /** Milliseconds for one attempt (default 60,000). */
  readonly timeout: number;
  /** Milliseconds: waits are drawn from 0..first, doubled up to `most` (default 500, 60,000); longer `Retry-After`s end the run. */
  readonly backoff: { readonly first: number; readonly most: number };
  /** Stops everything this object does. */
  readonly signal: AbortSignal | undefined;
  /** In place of the global `fetch`: proxies, further headers. */
  readonly fetch: typeof fetch;
}

/** The options that must be given. */
export type Needed = 'url' | 'model' | 'texts';

export const DEFAULTS: Omit<PromptedModelOptions, Needed> = {
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
  wrongAnswer: 'throw',
  timeout: 60_000,
  backoff: { first: 500, most: 60_000 },
  signal: undefined,
  fetch: (...given) => fetch(...given),
};

/**
 * Fields of the request: those given, over the defaults; null takes a field out.
 *
 * @throws LeaError `E_OPTION_VALUE` (no object)
 */
export function requestParameters(given: unknown): Readonly<Record<string, unknown>> {
  if (given === null || typeof given !== 'object' || Array.isArray(given)) {
    throw new LeaError('E_OPTION_VALUE', 'promptedModel: parameters is an object.', { value: given });
  }
  const said = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  // Servers refuse two limits on tokens.
  const { max_tokens: _, ...without } = DEFAULTS.parameters;
  const merged = { ...((said.max_completion_tokens ?? null) === null ? DEFAULTS.parameters : without), ...said };
  return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== null));
}

/**
 * @returns the most tokens an answer may have; where nothing limits them and nothing depends on it, what to expect
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`, `E_API_KEY`
 */
export function checkOptions(o: PromptedModelOptions): number {
  checkRanges('promptedModel', o, {
    window: [0, Infinity, 'whole'],
    textLength: [1, Infinity, 'whole'],
    concurrency: [1, 1000, 'whole'],
    retries: [0, Infinity, 'whole'],
    answerRetries: [0, Infinity, 'whole'],
    timeout: [1, 2 ** 31 - 1],
  });
  checkRanges('promptedModel.backoff', o.backoff, { first: [0, 2 ** 31 - 1], most: [0, 2 ** 31 - 1] });
  checkChoices('promptedModel', o, { wrongAnswer: ['throw', 'missing'] });
  const bad = o.texts.findIndex((text) => typeof text !== 'string');
  if (o.texts.length === 0 || bad >= 0) {
    throw new LeaError('E_OPTION_VALUE', 'promptedModel: texts holds one text per item.', {
      value: bad < 0 ? o.texts : { [bad]: o.texts[bad] },
    });
  }
  checkSecret('apiKey', o.apiKey);
  const caps = withDefaults('promptedModel.budget', { requests: Infinity, tokens: Infinity, cost: Infinity }, o.budget);
  checkRanges('promptedModel.budget', caps, { requests: [0, Infinity], tokens: [0, Infinity], cost: [0, Infinity] });
  if (o.prices) {
    checkRanges('promptedModel.prices', o.prices, { prompt: [0, Number.MAX_VALUE], completion: [0, Number.MAX_VALUE] });
  } else if (o.budget.cost !== undefined) {
    throw new LeaError('E_OPTION_VALUE', 'promptedModel: a budget of cost needs prices.', { value: o.budget });
  }
  const own = ['model', 'messages', 'stream', 'n'].find((name) => Object.hasOwn(o.parameters, name));
  if (own) throw new LeaError('E_OPTION_VALUE', 'promptedModel: this parameter is not yours to set.', { value: own });
  const limits = [o.parameters.max_tokens, o.parameters.max_completion_tokens].filter((limit) => limit !== undefined);
  if (limits.length > 0 && limits.every(isLimit)) return Math.max(...limits);
  if (o.budget.tokens === undefined && o.prices === undefined && limits.length === 0) return EXPECTED_ANSWER_TOKENS;
  throw new LeaError('E_OPTION_VALUE', 'promptedModel: max_tokens is a whole number of at least 1.', {
    value: limits[0],
    hint: 'Give max_tokens or max_completion_tokens in parameters: budgets and prices need to know how long answers can get.',
  });
}

function isLimit(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 1;
}

/**
 * Where to ask.
 *
 * @throws LeaError `E_URL`, which does not show what may be a password
 */
export function addressOf(base: string): URL {
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
