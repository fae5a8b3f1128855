/** Controls, line breaks, marks that turn the direction of writing, invisible spaces and tags: never part of a shown text. */
const HIDDEN = /[\p{Cc}\p{Z}\p{Bidi_Control}\u200b\ufeff\u{e0000}-\u{e007f}]+/gu;

/**
 * An item's text as it stands in a prompt: on one line, without hidden characters, cut to `most` characters and inside
 * JSON double quotes. Whatever the text says, it cannot end its own quotes.
 */
export function quotedText(text: string, most: number): string {
  // What lies far beyond the cut is never looked at: a text may be of any length.
  const plain = text
    .slice(0, 4 * most + 1000)
    .toWellFormed()
    .replace(HIDDEN, ' ')
    .trim();
  const characters = Array.from(plain);
  const shown = characters.length > most ? `${characters.slice(0, most).join('').trimEnd()}…` : plain;
  return JSON.stringify(shown || '(no text)');
}
