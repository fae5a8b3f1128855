import TinyQueue from 'tinyqueue';

/**
 * A byte-level BPE trainer (Sennrich et al. 2016; bytes as base alphabet as in GPT-2) for catalogs with tens of thousands
 * of distinct words and a few thousand merges.
 */

/** GPT-2's pattern for pieces; merges stay within a piece. It uses Unicode white space, which differs from JavaScript's `\s`. */
const PIECES =
  /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu;

/** Longer pieces are ignored: they are not useful and would make merging quadratic. */
const LONGEST_PIECE = 64;

/** The printable character for each byte in GPT-2's vocabulary files. */
export const BYTE_CHARACTERS: readonly string[] = byteCharacters();

/** A pair of adjacent symbols, encoded as one number, with its count at the time. */
interface Candidate {
  readonly code: number;
  readonly times: number;
}

/** Learns merges, most frequent first, in the characters of {@link BYTE_CHARACTERS}. Ties go to the smaller pair. */
export function learnMerges(texts: readonly string[], count: number): [string, string][] {
  const symbols: string[] = [...BYTE_CHARACTERS];
  const words = [...pieceCounts(texts)].map(([piece, times]) => ({ ids: [...Buffer.from(piece)], times }));
  const pairs = new Map<number, { times: number; words: Set<number> }>();
  const touched = new Set<number>();
  const note = (word: number, sign: 1 | -1): void => {
    const { ids, times } = words[word]!;
    for (let i = 0; i + 1 < ids.length; i++) {
      const code = ids[i]! * 65536 + ids[i + 1]!;
      const pair = pairs.get(code) ?? { times: 0, words: new Set() };
      pairs.set(code, pair);
      pair.times += sign * times;
      if (sign > 0) pair.words.add(word);
      touched.add(code);
    }
  };
  // A pair is pushed again whenever its count changes; outdated entries are skipped when popped.
  const queue = new TinyQueue<Candidate>([], (a, b) => b.times - a.times || a.code - b.code);
  const update = (): void => {
    for (const code of touched) {
      const { times } = pairs.get(code)!;
      if (times > 1) queue.push({ code, times });
      else if (times === 0) pairs.delete(code);
    }
    touched.clear();
  };
  for (let word = 0; word < words.length; word++) note(word, 1);
  update();

  const merges: [string, string][] = [];
  for (let next = queue.pop(); next && merges.length < count; next = queue.pop()) {
    const pair = pairs.get(next.code);
    if (pair?.times !== next.times) continue;
    const [left, right] = [Math.floor(next.code / 65536), next.code % 65536];
    const merged = symbols.push(symbols[left]! + symbols[right]!) - 1;
    merges.push([symbols[left]!, symbols[right]!]);
    for (const word of pair.words) {
      note(word, -1);
      words[word]!.ids = mergeIn(words[word]!.ids, left, right, merged);
      note(word, 1);
    }
    update();
  }
  return merges;
}

function pieceCounts(texts: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const text of texts) {
    for (const [piece] of text.matchAll(PIECES)) {
      if (piece.length <= LONGEST_PIECE) counts.set(piece, (counts.get(piece) ?? 0) + 1);
    }
  }
  return counts;
}

function mergeIn(ids: readonly number[], left: number, right: number, merged: number): number[] {
  const out: number[] = [];
  for (let i = 0; i < ids.length; i++) {
    if (ids[i] === left && ids[i + 1] === right) {
      out.push(merged);
      i++;
    } else out.push(ids[i]!);
  }
  return out;
}

function byteCharacters(): string[] {
  let next = 256;
  const printable = (b: number): boolean => (b > 32 && b < 127) || (b > 160 && b < 173) || b > 173;
  return Array.from({ length: 256 }, (_, b) => String.fromCodePoint(printable(b) ? b : next++));
}
