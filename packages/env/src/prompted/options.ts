import {
  abortSignal,
  type Check,
  checkRanges,
  custom,
  defaultsOf,
  finite,
  type Given,
  isObject,
  LeaError,
  type OptionsSchema,
  oneOf,
  option,
  parseOptions,
  text,
  whole,
} from '@lea/core';
import { checkSecret, secret } from '../shared/secret.ts';
import { type Budget, EXPECTED_ANSWER_TOKENS, type Prices } from './budget.ts';
import { type AnswerForm, type Form, formOf, type QuestionForm } from './form.ts';

/** Options of {@link promptedModel}. */
export interface PromptedModelOptions {
  /** Base URL of an OpenAI-compatible API, such as `http://localhost:11434/v1`; `/chat/completions` is appended. */
  readonly url: string;
  /** Name of the model at the endpoint. */
  readonly model: string;
  /** Texts of all items by item index (`catalog.texts`). */
  readonly texts: readonly string[];
  /** API key, sent as a bearer token; never stored, printed or hashed. Default: none. */
  readonly apiKey: string | undefined;
  /**
   * `rating` asks how much the user would like an action, `choice` which of two actions the user would choose. `choice` asks for
   * every two actions of a history in both orders; the reward is 10 times the share that an action wins. A actions then cost
   * A (A - 1) requests. Default: `rating`.
   */
  readonly question: QuestionForm;
  /**
   * Part of the response in which the answer is read. `text` (default) reads its text. `logprobs` asks for one token, a digit or
   * a letter, and takes the expectation under its log probabilities. That gives finer rewards from fewer tokens, and an answer
   * even from models that do not keep to a form; the endpoint must support `logprobs`.
   */
  readonly answer: AnswerForm;
  /**
   * The question, with the placeholders `{history}` and `{action}`, or `{history}`, `{a}` and `{b}` for a choice. Default: asks
   * how much the user would like the item, or which item the user will choose.
   */
  readonly template: string | undefined;
  /**
   * System message; it must ask for `{"rating": 0..10}`, for a digit from 0 to 9 (`logprobs`), or for A or B (`choice`). Default:
   * explains the task and says that item texts are not instructions. If the model does not accept system messages, it precedes
   * the question. Empty: no system message; then the template must ask for the format.
   */
  readonly system: string | undefined;
  /** Number of newest events in the prompt (default 20). Higher: longer, more expensive prompts. */
  readonly window: number;
  /** Maximum characters of an item's text in the prompt (default 200). Higher: longer, more expensive prompts. */
  readonly textLength: number;
  /**
   * Fields of the request, such as `seed` or `response_format`, merged with the defaults `temperature: 0` and
   * `max_tokens: 32`, or for `logprobs` `temperature: 0`, `max_tokens: 1`, `logprobs: true` and `top_logprobs: 20`. null removes
   * a default; `max_completion_tokens` replaces `max_tokens`. Models that reason before they answer need a higher `max_tokens`,
   * which also reserves more of a budget.
   */
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Folder for ratings by the hash of their question, so that no question is paid for twice. Default: no cache. */
  readonly cacheDir: string | undefined;
  /** Limits of this object's usage; a request that could exceed one is not sent. Default: none. */
  readonly budget: Budget;
  /** Prices per million tokens, for `budget.cost` and forecasts; require `max_tokens` in `parameters`. Default: none. */
  readonly prices: Prices | undefined;
  /** Maximum number of concurrent requests (default 4). Higher: faster, up to the rate limit of the endpoint. */
  readonly concurrency: number;
  /**
   * Retries after temporary failures (default 4): no connection, status 408, 425, 429 or 5xx, and invalid bodies, errors or
   * empty answers with status 2xx.
   */
  readonly retries: number;
  /** Retries after an answer without a valid rating (default 2). */
  readonly answerRetries: number;
  /**
   * Behavior if an action has no rating after all retries: `throw` an error (default), or `missing`: the rating is NaN,
   * which is also cached in `cacheDir` if the last answer was complete.
   */
  readonly wrongAnswer: 'throw' | 'missing';
  /** Time limit of one attempt in milliseconds (default 60,000). */
  readonly timeout: number;
  /** Waits between retries in milliseconds. A wait is drawn uniformly from 0 to a limit that doubles with each retry. */
  readonly backoff: {
    /** Limit of the first wait (default 500). */
    readonly first: number;
    /** Maximum limit (default 60,000). A longer `Retry-After` of the endpoint is an error. */
    readonly most: number;
  };
  /** Aborts all work of this object (default: none). */
  readonly signal: AbortSignal | undefined;
  /** Sends requests, for example through a proxy or with more headers. Default: the global `fetch`. */
  readonly fetch: typeof fetch | undefined;
}

/** Options without a default. */
export type Needed = 'url' | 'model' | 'texts';

/** The longest delay of a timer. */
const LONGEST_DELAY = 2 ** 31 - 1;

const limit: Check<number> = custom(
  (given) => typeof given === 'number' && given >= 0,
  'must be a number of at least 0.',
);
const budgetSchema: OptionsSchema<Budget> = {
  requests: option(limit, undefined),
  tokens: option(limit, undefined),
  cost: option(limit, undefined),
};

const backoffSchema: OptionsSchema<PromptedModelOptions['backoff']> = {
  first: option(finite(0, LONGEST_DELAY), 500),
  most: option(finite(0, LONGEST_DELAY), 60_000),
};

/** Objects; their members are checked by those who read them. */
function object<T>(): Check<T> {
  return custom(isObject, 'must be an object.');
}

/** Defaults and checks of {@link PromptedModelOptions}. */
export const promptedModelSchema: OptionsSchema<Omit<PromptedModelOptions, Needed>> = {
  apiKey: option(secret, undefined),
  question: option(oneOf('rating', 'choice'), 'rating'),
  answer: option(oneOf('text', 'logprobs'), 'text'),
  template: option(text, undefined),
  system: option(text, undefined),
  window: option(whole(0), 20),
  textLength: option(whole(1), 200),
  parameters: option(object<PromptedModelOptions['parameters']>(), formOf('rating', 'text').parameters),
  cacheDir: option(text, undefined),
  budget: option(object<Budget>(), {}),
  prices: option(object<Prices>(), undefined),
  concurrency: option(whole(1, 1000), 4),
  retries: option(whole(0), 4),
  answerRetries: option(whole(0), 2),
  wrongAnswer: option(oneOf('throw', 'missing'), 'throw'),
  timeout: option(finite(1, LONGEST_DELAY), 60_000),
  backoff: option(object<PromptedModelOptions['backoff']>(), defaultsOf(backoffSchema)),
  signal: option(abortSignal, undefined),
  fetch: option(
    custom<typeof fetch>((given) => typeof given === 'function', 'must be a function.'),
    undefined,
  ),
};

/** Options with the defaults that depend on the forms of question and answer. */
export interface Asked extends PromptedModelOptions {
  readonly form: Form;
  readonly template: string;
  readonly system: string;
}

/**
 * The options with their defaults.
 *
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`
 */
export function promptedModelOptions(options: Pick<PromptedModelOptions, Needed> & Given<PromptedModelOptions>): Asked {
  const { url, model, texts, ...given } = options;
  const o = parseOptions('promptedModel', promptedModelSchema, given);
  const form = formOf(o.question, o.answer);
  return {
    url,
    model,
    texts,
    ...o,
    form,
    template: o.template ?? form.template,
    system: o.system ?? form.system,
    parameters: requestParameters(given.parameters === undefined ? {} : o.parameters, form.parameters),
    budget: parseOptions('promptedModel.budget', budgetSchema, o.budget),
    backoff: parseOptions('promptedModel.backoff', backoffSchema, o.backoff),
  };
}

/** Merges request fields with the defaults; null removes a field. */
function requestParameters(given: Form['parameters'], defaults: Form['parameters']): Form['parameters'] {
  const said = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  // Servers reject requests with both limits.
  const { max_tokens: _, ...without } = defaults;
  const merged = { ...((said.max_completion_tokens ?? null) === null ? defaults : without), ...said };
  return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== null));
}

/**
 * Checks what depends on several options, and the texts, the key and the prices.
 *
 * @returns the maximum number of tokens of an answer; without a limit, budget or prices, the expected number
 * @throws LeaError `E_OPTION_VALUE`, `E_API_KEY`
 */
export function checkOptions(o: PromptedModelOptions): number {
  const bad = o.texts.findIndex((text) => typeof text !== 'string');
  if (o.texts.length === 0 || bad >= 0) {
    throw new LeaError('E_OPTION_VALUE', 'promptedModel: texts must be an array with one string per item.', {
      value: bad < 0 ? o.texts : { [bad]: o.texts[bad] },
    });
  }
  checkSecret('apiKey', o.apiKey);
  if (o.prices) {
    checkRanges('promptedModel.prices', o.prices, { prompt: [0, Number.MAX_VALUE], completion: [0, Number.MAX_VALUE] });
  } else if (o.budget.cost !== undefined) {
    throw new LeaError('E_OPTION_VALUE', 'promptedModel: budget.cost needs the option prices.', { value: o.budget });
  }
  const own = ['model', 'messages', 'stream', 'n'].find((name) => Object.hasOwn(o.parameters, name));
  if (own) throw new LeaError('E_OPTION_VALUE', 'promptedModel: parameters cannot set this field.', { value: own });
  const limits = [o.parameters.max_tokens, o.parameters.max_completion_tokens].filter((limit) => limit !== undefined);
  if (limits.length > 0 && limits.every(isLimit)) return Math.max(...limits);
  if (o.budget.tokens === undefined && o.prices === undefined && limits.length === 0) return EXPECTED_ANSWER_TOKENS;
  throw new LeaError('E_OPTION_VALUE', 'promptedModel: max_tokens must be a whole number of at least 1.', {
    value: limits[0],
    hint: 'Budgets and prices need a limit. Set max_tokens or max_completion_tokens in parameters.',
  });
}

function isLimit(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 1;
}

/**
 * The URL of the chat completions endpoint.
 *
 * @throws LeaError `E_URL`, without the value because it may contain a password
 */
export function addressOf(base: string): URL {
  if (!URL.canParse(base)) throw new LeaError('E_URL', 'The option url is not a valid URL.', { hint: URL_HINT });
  const url = new URL(base);
  if (!/^https?:$/.test(url.protocol) || url.username || url.password) {
    throw new LeaError(
      'E_URL',
      'The option url must start with http:// or https:// and must not contain a user name or password.',
      {
        hint: URL_HINT,
      },
    );
  }
  const path = url.pathname.replace(/\/+$/, '');
  url.pathname = path.endsWith('/chat/completions') ? path : `${path}/chat/completions`;
  url.hash = '';
  return url;
}

const URL_HINT = 'For example http://localhost:11434/v1. Pass a key as apiKey.';
