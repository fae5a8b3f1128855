import { LeaError } from '@lea/core';

/**
 * Checks that every item has a text.
 *
 * @throws LeaError `E_TEXT_EMPTY` (names the first index without a text), `E_OPTION_VALUE` (not an array)
 */
export function checkTexts(texts: readonly string[]): void {
  if (!Array.isArray(texts))
    throw new LeaError('E_OPTION_VALUE', 'The texts must be an array of strings.', {
      value: texts,
      hint: 'Pass one text per item, such as the texts of readItemTexts.',
    });
  if (texts.length === 0) throw new LeaError('E_TEXT_EMPTY', 'Expected at least one text, got an empty array.');
  const empty = texts.findIndex((text) => typeof text !== 'string' || text.trim() === '');
  if (empty < 0) return;
  throw new LeaError('E_TEXT_EMPTY', `The item at index ${empty} has no text.`, {
    value: texts[empty],
    hint: 'Give every item a text, such as its title or id, or remove the item.',
  });
}
