import { type Specs, specsOf, type Values } from '@lea/tensor';
import type { CompactBatch } from './compact.ts';
import type { Table } from './tables.ts';

/**
 * `decay/...` [rows] per table: (1 - tau)^n for the n updates since a row of the moving average was last written. Empty without
 * a moving average.
 */
export function decays(network: Values, tables: readonly Table[], batch: CompactBatch, tau: number): Values {
  const updates = network['average/updates']?.data[0];
  if (updates === undefined) return {};
  const values = tables.map(({ name, rows, padded }) => {
    const at = network[`average/at/${name}`]!.data;
    const data = new Float32Array(rows).fill(1);
    for (let i = 0; i < Math.min(rows, batch.used); i++) data[i] = (1 - tau) ** (updates - at[batch.rows[i]!]!);
    if (padded) data[rows - 1] = (1 - tau) ** (updates - at.at(-1)!);
    return [`decay/${name}`, { dtype: 'float32', shape: [rows], data }] as const;
  });
  return Object.fromEntries(values);
}

/** The specs of the `decay/...` inputs. */
export function decaySpecs(network: Values, tables: readonly Table[]): Specs {
  return specsOf(decays(network, tables, { inputs: {}, rows: new Int32Array(0), used: 0 }, 0));
}

/** Increments the number of updates. */
export function countUpdate(network: Values): void {
  const updates = network['average/updates'];
  if (updates) updates.data[0]! += 1;
}

/** Marks rows of a table's moving average as up to date. */
export function markFollowed(network: Values, { name }: Table, positions: Int32Array, rows: Int32Array): void {
  const at = network[`average/at/${name}`]?.data;
  if (at) for (const position of positions) at[rows[position]!] = network['average/updates']!.data[0]!;
}
