import { quoted } from '../shared/secret.ts';
import { textIn } from './answer.ts';
import type { Usage } from './budget.ts';
import { field } from './fields.ts';

/** One attempt: an answer (whatever it says), or why there is none. */
export type Attempt =
  | {
      readonly kind: 'answer';
      readonly content: unknown;
      /** Why the answer ends where it does (`finish_reason`), unless it ends where the model meant it to. */
      readonly cut: string | undefined;
      readonly usage: Usage | undefined;
    }
  | {
      readonly kind: 'failure';
      readonly why: string;
      readonly status?: number;
      /** Trying again may help. */
      readonly passing: boolean;
      /** Milliseconds the endpoint asks to wait. */
      readonly wait?: number;
      /** The endpoint does not take a system message. */
      readonly withoutSystem?: boolean;
      /** What is billed; unknown where work may have been done that never arrived. */
      readonly usage?: Usage | undefined;
    };

/** An outage: trying again may help. */
export function failed(why: string, usage?: Usage): Attempt {
  return { kind: 'failure', why, passing: true, usage };
}

/** Ends of an answer that are an outage of the server, not something that it says of the question. */
const BROKEN: readonly unknown[] = ['error', 'abort'];
/** Ends that may leave nothing: thoughts took up all tokens, or a filter took the answer away. */
const EMPTYING: readonly unknown[] = ['length', 'content_filter'];

/** Reads the body of an answer with a good status, which may hold an error all the same. */
export function completion(body: string, apiKey: string | undefined): Attempt {
  let whole: unknown;
  try {
    whole = JSON.parse(body);
  } catch {
    return failed(`answered with something that is not JSON${told(body)}`);
  }
  const choices = field(whole, 'choices');
  const choice = Array.isArray(choices) ? (choices[0] as unknown) : undefined;
  const message = field(choice, 'message');
  const usage = usageIn(field(whole, 'usage'));
  const end = field(choice, 'finish_reason') ?? 'stop';
  const error = field(whole, 'error') || field(choice, 'error') || field(message, 'error');
  if (error) return failed(`answered with an error${told(field(error, 'message') ?? error)}`, usage);
  if (message === null || typeof message !== 'object') {
    return failed(`answered with JSON that is no chat completion${told(whole)}`, usage);
  }
  const content = field(message, 'content') ?? field(message, 'refusal');
  if (BROKEN.includes(end))
    return failed(`broke its answer off (finish_reason "${String(end)}")${told(content)}`, usage);
  if (textIn(content)?.trim() === '' && !EMPTYING.includes(end)) return failed('answered with nothing', usage);
  return { kind: 'answer', content, cut: end === 'stop' ? undefined : quoted(end, apiKey), usage };

  function told(said: unknown): string {
    const text = said === undefined ? '' : quoted(said, apiKey);
    return text && `: ${text}`;
  }
}

/** No model reads or writes more at a time. */
const MOST_TOKENS = 1e7;

/** Usage as it is reported; nothing where that cannot be, since every question and every answer has a token. */
function usageIn(reported: unknown): Usage | undefined {
  const [prompt, answered] = [field(reported, 'prompt_tokens'), field(reported, 'completion_tokens')];
  return isCount(prompt) && isCount(answered) ? { prompt, completion: answered } : undefined;
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= MOST_TOKENS;
}
