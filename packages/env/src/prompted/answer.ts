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
  const end = '</think>';
  const at = answer.indexOf(end);
  return at < 0 ? answer : answer.slice(at + end.length);
}

/**
 * Reads the rating from a model's answer: `{"rating": 7.5}` or a number, optionally in a Markdown code fence, from 0 to 10.
 * Reasoning up to `</think>` is ignored. All other answers, including a number within prose, are invalid.
 */
export function ratingIn(answer: unknown): number | undefined {
  const text = withoutThoughts(textIn(answer) ?? '');
  if (text.length > LONGEST) return undefined;
  const said = text.trim();
  const fenced = /^```(?:json)?\r?\n([^`]*)```$/i.exec(said);
  let value: unknown;
  try {
    value = JSON.parse(fenced ? fenced[1]! : said);
  } catch {
    return undefined;
  }
  const rating = isObject(value) && Object.hasOwn(value, 'rating') ? value.rating : value;
  return typeof rating === 'number' && rating >= SCALE[0] && rating <= SCALE[1] ? rating : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
