import wrapAnsi from 'wrap-ansi';
import { printable } from './printable.ts';

/** Sentences, each on its own line, wrapped at the width of the terminal; not wrapped in a pipe or a file. */
export function folded(sentences: readonly string[], { columns }: { readonly columns?: number }): string {
  return sentences
    .map(printable)
    .map((sentence) => (columns ? wrapAnsi(sentence, columns) : sentence))
    .join('\n');
}
