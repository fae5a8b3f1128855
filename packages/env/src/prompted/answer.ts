import { field } from './fields.ts';

/** Range of ratings. */
export const SCALE: readonly [low: number, high: number] = [0, 10];

/** Longer answers (without reasoning) are invalid; a valid answer has about a dozen characters. */
const LONGEST = 1000;

/** The text of an answer's content, a string or an array of parts; empty without content, undefined if it is neither. */
export function textIn(content: unknown): string | undefined {
  if (content === undefined || content === null) return '';
  if (typeof content === 'string') return content;
  if (!Array.isArray(content) || !content.every(isObject)) return undefined;
  return content.map(({ type = 'text', text }) => (type === 'text' && typeof text === 'string' ? text : '')).join('');
}

/** Removes the reasoning before an answer. Some servers omit the opening tag. */
export function withoutThoughts(answer: string): string {
  const at = answer.indexOf(END_OF_THOUGHTS);
  return at < 0 ? answer : answer.slice(at + END_OF_THOUGHTS.length);
}

const END_OF_THOUGHTS = '</think>';

/**
 * Reads the rating from a model's answer: `{"rating": 7.5}` or a number, optionally in a Markdown code fence, from 0 to 10.
 * Reasoning up to `</think>` is ignored. All other answers, including a number within prose, are invalid.
 */
export function ratingIn(answer: unknown): number | undefined {
  const value = jsonIn(saidIn(answer));
  const rating = ownOr(value, 'rating');
  return typeof rating === 'number' && rating >= SCALE[0] && rating <= SCALE[1] ? rating : undefined;
}

/** Ratings of the first of two actions, by the letter that was chosen. */
export const CHOICES: ReadonlyMap<unknown, number> = new Map([
  ['A', SCALE[1]],
  ['B', SCALE[0]],
]);

/**
 * Reads which of two actions a model chose: `A`, `B`, or one of them as JSON, `"A"` or `{"choice": "A"}`. Fences and
 * reasoning are treated as by {@link ratingIn}.
 *
 * @returns the rating of the first action: 10 for A, 0 for B, undefined if the answer is invalid
 */
export function choiceIn(answer: unknown): number | undefined {
  const said = saidIn(answer);
  return CHOICES.get(said) ?? CHOICES.get(ownOr(jsonIn(said), 'choice'));
}

/** Ratings by digit. One digit is one token for every tokenizer, but 10 may be two. */
export const DIGITS: ReadonlyMap<unknown, number> = new Map(
  Array.from({ length: 10 }, (_, digit) => [`${digit}`, (digit / 9) * SCALE[1]]),
);

/**
 * Expected rating under the log probabilities of the tokens that the model could have said, renormalized over the labels,
 * at the first token that is a label, otherwise at the first token. Tokens of thoughts are skipped.
 *
 * @param tokens `logprobs.content` of a chat completion
 * @param ratings rating of each label
 * @returns undefined if no label is among the most likely tokens
 */
export function expectedIn(tokens: readonly unknown[], ratings: ReadonlyMap<unknown, number>): number | undefined {
  const labelOf = (token: unknown): unknown => String(field(token, 'token')).trim();
  const thoughts = tokens.findIndex((token) => labelOf(token) === END_OF_THOUGHTS);
  const said = tokens.slice(thoughts + 1);
  const candidates = field(said.find((token) => ratings.has(labelOf(token))) ?? said[0], 'top_logprobs');
  if (!Array.isArray(candidates)) return undefined;
  let [sum, mass] = [0, 0];
  for (const candidate of candidates) {
    const [rating, logprob] = [ratings.get(labelOf(candidate)), field(candidate, 'logprob')];
    if (rating === undefined || typeof logprob !== 'number') continue;
    const share = Math.exp(Math.min(0, logprob));
    sum += share * rating;
    mass += share;
  }
  return mass > 0 ? sum / mass : undefined;
}

/** What an answer says after its thoughts, without a code fence; undefined if it is too long. */
function saidIn(answer: unknown): string | undefined {
  const text = withoutThoughts(textIn(answer) ?? '');
  if (text.length > LONGEST) return undefined;
  const said = text.trim();
  const fenced = /^```(?:json)?\r?\n([^`]*)```$/i.exec(said);
  return fenced ? fenced[1]! : said;
}

function jsonIn(said: string | undefined): unknown {
  try {
    return JSON.parse(said ?? '');
  } catch {
    return undefined;
  }
}

/** The own property of an object, otherwise the value itself. */
function ownOr(value: unknown, name: string): unknown {
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
