import { LeaError } from '@lea/core';

/**
 * Refuses texts that say nothing, before any work is done.
 *
 * @throws LeaError `E_TEXT_EMPTY` naming the first index without a text, `E_OPTION_VALUE` when there is no list
 */
export function checkTexts(texts: readonly string[]): void {
  if (!Array.isArray(texts)) throw new LeaError('E_OPTION_VALUE', 'The texts must be a list.', { value: texts });
  if (texts.length === 0) throw new LeaError('E_TEXT_EMPTY', 'There are no texts.');
  const empty = texts.findIndex((text) => typeof text !== 'string' || text.trim() === '');
  if (empty < 0) return;
  throw new LeaError('E_TEXT_EMPTY', `The item at index ${empty} has no text.`, {
    value: texts[empty],
    hint: 'Give every item a text, for instance its id, or leave such items out.',
  });
}
