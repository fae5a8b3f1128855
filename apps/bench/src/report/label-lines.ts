import { printable } from '../terminal/printable.ts';

/** Pixels of a line. */
const LINE = 14;

/**
 * Breaks names at spaces into lines of so many characters, so that charts do not cut them: names may have 100 characters, and
 * often differ at their end only. Longer words are broken too.
 *
 * @returns options of a legend and of an axis with these labels, and the pixels of the highest one
 */
export function linesOf(names: readonly string[], width: number) {
  const labels = names.map(printable);
  const lines = labels.map((label) => broken(label, width));
  const most = Math.max(1, ...lines.map((own) => own.length));
  const labelExpr = `${JSON.stringify(lines)}[indexof(${JSON.stringify(labels)}, datum.label)]`;
  const legend = { labelExpr, labelLimit: 0 };
  // Labels of several lines are raised, so that their middle is beside the mark.
  const labelOffset = {
    condition: Array.from({ length: most }, (_, i) => ({
      test: `length(${labelExpr}) === ${i + 1}`,
      value: (-i * LINE) / 2,
    })),
    value: 0,
  };
  return { legend, axis: { ...legend, labelOffset }, height: LINE * most };
}

function broken(name: string, width: number): string[] {
  const lines: string[] = [''];
  for (const word of name.split(' ').flatMap((whole) => parts(whole, width))) {
    const longer = `${lines.at(-1)} ${word}`.trimStart();
    if (longer.length <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

/** A word in pieces that fit into a line. */
function parts(word: string, width: number): string[] {
  const letters = [...word];
  const count = Math.max(1, Math.ceil(letters.length / width));
  return Array.from({ length: count }, (_, i) => letters.slice(i * width, (i + 1) * width).join(''));
}
