import Table from 'cli-table3';

/** An empty table for a terminal. The first `texts` columns are aligned to the left, and numbers to the right. */
export function terminalTable(head: readonly string[], texts: number): Table.Table {
  return new Table({
    head: [...head],
    colAligns: head.map((_, i) => (i < texts ? 'left' : 'right')),
    style: { head: [], border: [], compact: true },
  });
}
