/** An entry of `added_tokens` to search for in texts. */
export interface AddedToken {
  readonly id: number;
  readonly content: string;
  /** Matches only outside of words. */
  readonly single_word?: boolean;
  /** Includes the white space before it. */
  readonly lstrip?: boolean;
  /** Includes the white space after it. */
  readonly rstrip?: boolean;
}

/** A piece of text, or the id of an added token. */
export type Section = string | number;

/** Finds added tokens in texts, leftmost first; at the same position the longest one wins. */
export function addedTokenFinder(tokens: readonly AddedToken[]): (text: string) => Section[] {
  // Among equal contents the last one wins.
  const byContent = new Map(tokens.filter(({ content }) => content !== '').map((token) => [token.content, token]));
  if (byContent.size === 0) return (text) => [text];
  const longestFirst = [...byContent.keys()].sort((a, b) => b.length - a.length);
  const pattern = new RegExp(
    longestFirst.map((content) => content.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')).join('|'),
    'gu',
  );
  return (text) => {
    const sections: Section[] = [];
    let from = 0;
    for (const { 0: content, index } of text.matchAll(pattern)) {
      const token = byContent.get(content)!;
      let [begin, end] = [index, index + content.length];
      const inWord =
        WORD_END.test(text.slice(Math.max(0, begin - 2), begin)) || WORD_START.test(text.slice(end, end + 2));
      if (token.single_word && inWord) continue;
      while (token.lstrip && begin > from && SPACE.test(text[begin - 1]!)) begin--;
      while (token.rstrip && end < text.length && SPACE.test(text[end]!)) end++;
      if (begin > from) sections.push(text.slice(from, begin));
      sections.push(token.id);
      from = end;
    }
    if (from < text.length) sections.push(text.slice(from));
    return sections;
  };
}

const WORD = '[\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\u200C\\u200D]';
const WORD_END = new RegExp(`${WORD}$`, 'u');
const WORD_START = new RegExp(`^${WORD}`, 'u');
const SPACE = /\p{White_Space}/u;
