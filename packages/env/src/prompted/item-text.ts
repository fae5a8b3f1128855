/**
 * Invisible characters that models read: direction marks, tags, variation selectors, fillers. Excludes joiners after a
 * letter, which Persian and Indic scripts need, and the joiners and selectors within emoji.
 */
const INVISIBLE =
  /(?!\u200b|(?<=[\p{L}\p{M}])(?<!\p{DI})[\u200c\u200d]|(?<=\p{Emoji})[\ufe0e\ufe0f]|(?<=\p{Emoji}|\ufe0f)\u200d(?=\p{Emoji}))\p{DI}/gu;
/** Control characters, line breaks and all spaces, including those of zero width. */
const BLANK = /[\p{Cc}\p{Z}\u200b]+/gu;

/**
 * Formats an item's text for a prompt: on one line, without invisible characters, at most `most` characters, in JSON double
 * quotes, which the text cannot close.
 */
export function quotedText(text: string, most: number): string {
  // Limits the work, because texts can have any length.
  const plain = text
    .slice(0, 4 * most + 1000)
    .toWellFormed()
    .replace(INVISIBLE, '')
    .replace(BLANK, ' ')
    .trim();
  const characters = Array.from(plain);
  const shown = characters.length > most ? `${characters.slice(0, most).join('').trimEnd()}…` : plain;
  return JSON.stringify(shown || '(no text)');
}
