/** The scale that models are asked to use. */
export const SCALE: readonly [low: number, high: number] = [0, 10];

/** Longer answers are wrong, thoughts aside: what was asked for has a dozen characters. */
const LONGEST = 1000;

/** The text that an answer's content is, or the texts of its parts; nothing where it is none. No content: no text. */
export function textIn(content: unknown): string | undefined {
  if (content === undefined || content === null) return '';
  if (typeof content === 'string') return content;
  if (!Array.isArray(content) || !content.every(isObject)) return undefined;
  return content.map(({ type = 'text', text }) => (type === 'text' && typeof text === 'string' ? text : '')).join('');
}

/** An answer without the thoughts before it, whose beginning some servers keep to themselves. */
export function withoutThoughts(answer: string): string {
  const end = '</think>';
  const at = answer.indexOf(end);
  return at < 0 ? answer : answer.slice(at + end.length);
}

/**
 * The rating in a model's answer: `{"rating": 7.5}` or a bare number, either one perhaps in a Markdown code fence,
 * from 0 to 10; thoughts before it, up to `</think>`, are passed over. Anything else, prose around a number included, is
 * not guessed at.
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
