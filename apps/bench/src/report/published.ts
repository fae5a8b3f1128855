import type { Published } from '../config/schema.ts';

/** The mark of rows that were not measured here. */
export const MARK = '†';

/** What a table says below itself about its rows of other studies: one line per source and protocol. */
export function publishedNotes(rows: readonly Published[]): string[] {
  if (rows.length === 0) return [];
  const studies = Map.groupBy(rows, ({ source, protocol }) => `${source}. Protocol: ${protocol}`);
  return [
    `${MARK} Numbers of other studies, copied and not measured here. Nothing is concluded from them.`,
    ...Array.from(studies, ([study, own]) => `${MARK} ${own.map(({ name }) => name).join(', ')}: ${ended(study)}`),
  ];
}

function ended(sentence: string): string {
  return sentence.endsWith('.') ? sentence : `${sentence}.`;
}
