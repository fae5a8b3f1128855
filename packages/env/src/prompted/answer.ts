/** The scale that models are asked to use. */
export const SCALE: readonly [low: number, high: number] = [0, 10];

/** Longer answers are wrong, thoughts aside: what was asked for has a dozen characters. */
const LONGEST = 1000;

/**
 * The rating in a model's answer: `{"rating": 7.5}` or a bare number, either one perhaps in a Markdown code fence,
 * from 0 to 10; a `<think>` block before it is passed over. Anything else, prose around a number included, is not guessed
 * at.
 */
export function ratingIn(answer: unknown): number | undefined {
  if (typeof answer !== 'string') return undefined;
  const said = answer.replace(/^\s*<think>[\s\S]*?<\/think>/, '');
  if (said.length > LONGEST) return undefined;
  const text = said.trim();
  const fenced = /^```(?:json)?\r?\n([^`]*)```$/i.exec(text);
  let value: unknown;
  try {
    value = JSON.parse(fenced ? fenced[1]! : text);
  } catch {
    return undefined;
  }
  const rating =
    value !== null && typeof value === 'object' && Object.hasOwn(value, 'rating')
      ? (value as { rating: unknown }).rating
      : value;
  return typeof rating === 'number' && rating >= SCALE[0] && rating <= SCALE[1] ? rating : undefined;
}
