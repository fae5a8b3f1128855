/**
 * What is not seen and yet read: marks that turn the direction of writing, tags, selectors of variants, fillers. But not
 * the joiners after a letter, which Persian and Indic scripts are written with, nor what emoji are put together with.
 */
const INVISIBLE =
  /(?!\u200b|(?<=[\p{L}\p{M}])(?<!\p{DI})[\u200c\u200d]|(?<=\p{Emoji})[\ufe0e\ufe0f]|(?<=\p{Emoji}|\ufe0f)\u200d(?=\p{Emoji}))\p{DI}/gu;
/** Controls, line breaks, spaces of any width, none included. */
const BLANK = /[\p{Cc}\p{Z}\u200b]+/gu;

/**
 * An item's text as it stands in a prompt: on one line, without hidden characters, cut to `most` characters and inside
 * JSON double quotes. Whatever the text says, it cannot end its own quotes.
 */
export function quotedText(text: string, most: number): string {
  // What lies far beyond the cut is never looked at: a text may be of any length.
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
