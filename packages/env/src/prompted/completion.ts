import { quoted } from '../shared/secret.ts';
import { textIn } from './answer.ts';
import type { Usage } from './budget.ts';
import { field } from './fields.ts';

/** Result of one attempt: an answer (valid or not), or a failure. */
export type Attempt =
  | {
      readonly kind: 'answer';
      readonly content: unknown;
      /** The tokens of the content with their log probabilities; undefined if there are none. */
      readonly tokens: readonly unknown[] | undefined;
      /** The `finish_reason` of an answer that was cut off; undefined if it is complete. */
      readonly cut: string | undefined;
      readonly usage: Usage | undefined;
    }
  | {
      readonly kind: 'failure';
      readonly why: string;
      readonly status?: number;
      /** Whether the failure is temporary. */
      readonly passing: boolean;
      /** Milliseconds to wait, if the endpoint asks for it. */
      readonly wait?: number;
      /** Whether the endpoint rejects system messages. */
      readonly withoutSystem?: boolean;
      /** Billed usage; undefined if unknown, because the server may have generated an answer that was lost. */
      readonly usage?: Usage | undefined;
    };

/** A temporary failure. */
export function failed(why: string, usage?: Usage): Attempt {
  return { kind: 'failure', why, passing: true, usage };
}

/** Values of `finish_reason` that mean a server failure. */
const BROKEN: readonly unknown[] = ['error', 'abort'];
/** Values of `finish_reason` with which an empty answer is expected: token limit reached in reasoning, or filtered. */
const EMPTYING: readonly unknown[] = ['length', 'content_filter'];

/** Reads the body of a response with status 2xx, which may still contain an error. */
export function completion(body: string, apiKey: string | undefined): Attempt {
  let whole: unknown;
  try {
    whole = JSON.parse(body);
  } catch {
    return failed(`sent a response that is not JSON${told(body)}`);
  }
  const choices = field(whole, 'choices');
  const choice = Array.isArray(choices) ? (choices[0] as unknown) : undefined;
  const message = field(choice, 'message');
  const usage = usageIn(field(whole, 'usage'));
  const end = field(choice, 'finish_reason') ?? 'stop';
  const error = field(whole, 'error') || field(choice, 'error') || field(message, 'error');
  if (error) return failed(`reported an error${told(field(error, 'message') ?? error)}`, usage);
  if (message === null || typeof message !== 'object') {
    return failed(`sent JSON that is not a chat completion${told(whole)}`, usage);
  }
  const content = field(message, 'content') ?? field(message, 'refusal');
  const logprobs = field(field(choice, 'logprobs'), 'content');
  const tokens = Array.isArray(logprobs) ? logprobs : undefined;
  if (BROKEN.includes(end)) return failed(`aborted its answer (finish_reason "${String(end)}")${told(content)}`, usage);
  // An answer of one token is its end: the model had nothing to say.
  const isComplete = tokens !== undefined || usage?.completion === 1 || EMPTYING.includes(end);
  if (textIn(content)?.trim() === '' && !isComplete) return failed('sent an empty answer', usage);
  return { kind: 'answer', content, tokens, cut: end === 'stop' ? undefined : quoted(end, apiKey), usage };

  function told(said: unknown): string {
    const text = said === undefined ? '' : quoted(said, apiKey);
    return text && `: ${text}`;
  }
}

/** Maximum plausible number of tokens. */
const MOST_TOKENS = 1e7;

/** The reported usage; undefined if it is not plausible (below 1 or too large). */
function usageIn(reported: unknown): Usage | undefined {
  const [prompt, answered] = [field(reported, 'prompt_tokens'), field(reported, 'completion_tokens')];
  return isCount(prompt) && isCount(answered) ? { prompt, completion: answered } : undefined;
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= MOST_TOKENS;
}
