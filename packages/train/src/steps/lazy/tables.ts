import type { Agent } from '@lea/agents';
import { LeaError } from '@lea/core';
import { float32, type Specs, type Value, type Values } from '@lea/tensor';
import type { CompactBatch, Compactor } from './compact.ts';

/**
 * A parameter with one row per item, stored together with its slots and targets row by row. A step then finds all numbers of an
 * item next to each other in memory.
 */
export interface Table {
  /** Name of the parameter. */
  readonly name: string;
  /** Number of rows that a step reads, including padding. */
  readonly rows: number;
  /** Whether the last row is padding. */
  readonly padded: boolean;
  /** Number of columns of the parameter. */
  readonly width: number;
  /** The parts of a stored row, `width` columns each, by their names in a network's state. */
  readonly parts: readonly string[];
}

/**
 * The item tables of an agent, and how many of their rows a compact batch needs.
 *
 * @throws LeaError `E_TRAIN_TABLE`
 */
export function tablesOf(agent: Agent, network: Values, items: number, { choices, size }: Compactor): Table[] {
  const prefixes = ['params/', 'slots/m/', 'slots/v/'];
  if (agent.target === 'polyak' || agent.target === 'copy') prefixes.push('target/');
  return Object.entries(agent.itemTables).map(([name, reach]) => {
    const { shape, data } = network[`params/${name}`] ?? { shape: [], data: [] };
    if (shape.length !== 2 || (shape[0] !== items && shape[0] !== items + 1)) {
      throw new LeaError('E_TRAIN_TABLE', `Expected a parameter with one row per item as itemTables "${name}".`, {
        value: shape,
        hint: `List only parameters of shape [${items}, any] or, with padding, [${items + 1}, any] in the agent's itemTables.`,
      });
    }
    const padded = reach === 'batch' && shape[0] === items + 1;
    return {
      name,
      padded,
      rows: reach === 'choices' ? choices : size + Number(padded),
      width: data.length / shape[0]!,
      parts: prefixes.map((prefix) => prefix + name),
    };
  });
}

/** The stored form of a network's tables, by their names: [rows of the table, parts * width]. */
export function stored(tables: readonly Table[], network: Values): Values {
  return Object.fromEntries(
    tables.map(({ name, width, parts }) => {
      const count = network[`params/${name}`]!.shape[0]!;
      const all = new Float32Array(count * parts.length * width);
      parts.forEach((part, i) => {
        copyColumns(network[part]!.data, 0, width, all, i * width, parts.length * width, width);
      });
      return [name, float32(all, [count, parts.length * width])];
    }),
  );
}

/** The tables of a network, copied back to their ordinary form. @param shapes of a whole network */
export function separated(tables: readonly Table[], shapes: Specs, from: Values): Values {
  return Object.fromEntries(
    tables.flatMap(({ name, width, parts }) =>
      parts.map((part, i) => {
        const { data, shape } = from[name]!;
        const values = new Float32Array(shape[0]! * width);
        copyColumns(data, i * width, shape[1]!, values, 0, width, width);
        return [part, float32(values, shapes[part]!.shape)] as const;
      }),
    ),
  );
}

/** Overwrites the periodic copies with the parameters. */
export function renewCopies(tables: readonly Table[], from: Values): void {
  for (const { name, width, parts } of tables) {
    const { data, shape } = from[name]!;
    const copy = parts.indexOf(`target/${name}`);
    if (copy >= 0) copyColumns(data, 0, shape[1]!, data, copy * width, shape[1]!, width);
  }
}

/**
 * The positions of the table rows that had a gradient in the step.
 *
 * @param changed [table.rows], 1 where the gradient was nonzero
 */
export function changedPositions({ rows, padded }: Table, { used }: CompactBatch, changed: Value['data']): Int32Array {
  const items = Math.min(rows - Number(padded), used);
  const positions = new Int32Array(items + 1);
  let count = 0;
  for (let i = 0; i < items; i++) if (changed[i] === 1) positions[count++] = i;
  if (padded && changed[rows - 1] === 1) positions[count++] = rows - 1;
  return positions.subarray(0, count);
}

/**
 * Writes the rows of a step back into the table of the catalog.
 *
 * @param ids the catalog id of every position
 */
export function writeRows(from: Value, to: Value, positions: Int32Array, ids: Int32Array): void {
  const [source, target] = [from.data, to.data];
  const width = to.shape[1]!;
  for (let i = 0; i < positions.length; i++) {
    const read = positions[i]! * width;
    const write = ids[positions[i]!]! * width;
    for (let j = 0; j < width; j++) target[write + j] = source[read + j]!;
  }
}

function copyColumns(
  from: Value['data'],
  fromStart: number,
  fromStride: number,
  to: Value['data'],
  toStart: number,
  toStride: number,
  width: number,
): void {
  const rows = to.length / toStride;
  for (let row = 0; row < rows; row++) {
    const read = fromStart + row * fromStride;
    const write = toStart + row * toStride;
    for (let j = 0; j < width; j++) to[write + j] = from[read + j]!;
  }
}
