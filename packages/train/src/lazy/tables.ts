import type { Agent } from '@lea/agents';
import type { Specs, Values } from '@lea/tensor';
import type { CompactBatch, Compactor } from './compact.ts';

/** A parameter with a row per item. */
export interface Table {
  readonly name: string;
  /** Rows that a step reads, padding included. */
  readonly rows: number;
  /** Whether the last of them is padding. */
  readonly padded: boolean;
  /** The names of what goes with it row by row in a network's state: itself, its slots, its moving average. */
  readonly arrays: readonly string[];
}

/** The item tables of an agent, and how many of their rows a compact batch needs. */
export function tablesOf(agent: Agent, params: Specs, items: number, { choices, size }: Compactor): Table[] {
  return Object.entries(agent.itemTables).map(([name, reach]) => {
    const padded = reach === 'batch' && params[name]!.shape[0] === items + 1;
    return {
      name,
      padded,
      rows: reach === 'choices' ? choices : size + Number(padded),
      arrays: ['params/', 'slots/m/', 'slots/v/', ...(agent.target === 'polyak' ? ['target/'] : [])].map(
        (prefix) => prefix + name,
      ),
    };
  });
}

/**
 * Calls `visit` with the position and the id of every row of a table that had a gradient in the step.
 *
 * @param changed [table.rows]
 */
export function forChangedRows(
  { rows, padded }: Table,
  batch: CompactBatch,
  changed: ArrayLike<number>,
  visit: (position: number, id: number) => void,
): void {
  const items = rows - Number(padded);
  for (let i = 0; i < Math.min(items, batch.used); i++) if (changed[i]) visit(i, batch.rows[i]!);
  if (padded && changed[items]) visit(items, batch.rows[items]!);
}

/** Writes the changed rows of a step over those of the network. */
export function writeRows(network: Values, table: Table, batch: CompactBatch, outputs: Values): void {
  const changed = outputs[`changed/${table.name}`]!.data;
  for (const array of table.arrays) {
    const to = network[array]!;
    const width = to.data.length / to.shape[0]!;
    const from = outputs[`rows/${array}`]!.data;
    forChangedRows(table, batch, changed, (position, id) => {
      const [source, target] = [position * width, id * width];
      for (let j = 0; j < width; j++) to.data[target + j] = from[source + j]!;
    });
  }
}
