import wrapAnsi from 'wrap-ansi';
import { printable } from './printable.ts';

/** Sentences, one below the other, folded at the width of the terminal; a pipe or a file gets each on one line. */
export function folded(sentences: readonly string[], { columns }: { readonly columns?: number }): string {
  return sentences
    .map(printable)
    .map((sentence) => (columns ? wrapAnsi(sentence, columns) : sentence))
    .join('\n');
}
