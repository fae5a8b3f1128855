import type { Scored } from '@lea/data';

/**
 * How many lists of `got` are not the first 10 of `expected`, and the largest difference of scores relative to the largest
 * score. Items whose scores differ by less than rounding may swap positions.
 */
export function difference(
  expected: readonly (readonly Scored[])[],
  got: readonly (readonly Scored[])[],
): { wrong: number; largest: number } {
  const scale = Math.max(...expected.flat().map(({ score }) => Math.abs(score)));
  let wrong = Math.abs(expected.length - got.length);
  let largest = 0;
  for (const [row, list] of got.entries()) {
    const known = new Map(expected[row]?.map(({ item, score }) => [item, score]));
    const off = list.map(({ item, score }, i) => {
      const [own, wanted] = [known.get(item) ?? Number.NaN, expected[row]![i]!];
      if (known.has(item)) largest = Math.max(largest, Math.abs(score - own) / scale);
      return item === wanted.item ? Math.abs(score - own) : Math.abs(own - wanted.score);
    });
    if (new Set(list.map(({ item }) => item)).size !== 10 || !off.every((x) => x <= 1e-5 * scale)) wrong++;
  }
  return { wrong, largest };
}

/** The difference over all policies, and one line that reports it. */
export function differences(
  expected: Readonly<Record<string, readonly (readonly Scored[])[]>>,
  got: Readonly<Record<string, readonly (readonly Scored[])[]>>,
): { wrong: number; told: string } {
  const names = Object.keys(expected);
  const found = names.map((name) => difference(expected[name]!, got[name] ?? []));
  const wrong = found.reduce((sum, { wrong }) => sum + wrong, 0);
  const largest = Math.max(...found.map(({ largest }) => largest));
  const lists = `${names.length} policies x ${expected[names[0]!]!.length} histories, ${wrong} top 10 differ`;
  return { wrong, told: `${lists}, scores differ by at most ${largest.toExponential(1)}` };
}
