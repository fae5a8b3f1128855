import { contentHash, LeaError } from '@lea/core';
import { float32, int32, type Values } from '@lea/tensor';
import { COUNTED, type Counted } from './counts.ts';
import type { Gate } from './gate.ts';
import { type Component, slotsOf } from './mixture.ts';
import type { MixtureForm } from './probabilities.ts';
import type { NeighborTable } from './tables.ts';

/** What a memory is besides its tables, as plain JSON. */
export interface MemoryConfig {
  readonly items: number;
  readonly window: number;
  readonly horizon: number;
  readonly smoothing: number;
  /** Whether the item of each place itself is a component. */
  readonly repeats: boolean;
  /** Successors kept per item; null keeps all. */
  readonly neighbors: number | null;
  readonly gate: Gate;
  /** Added to ln p of items in the window. */
  readonly repeat: number;
  /** Mean of -ln p(target) over the rows that the gate was fitted on, each row's own user taken out. */
  readonly loss: number;
}

/** What a memory knows at one moment. Never written to: what is new makes another state. */
export interface MemoryState {
  /** [N] how often each item was chosen. */
  readonly chosen: Float32Array;
  /** [N] (chosen + 1/2) / (its sum + N/2) */
  readonly popularity: Float32Array;
  readonly tables: Readonly<Record<Counted, NeighborTable>> & { readonly text?: NeighborTable };
}

/** The components with a table. */
export function tablesOf({ tables }: MemoryState): [Component, NeighborTable][] {
  return Object.entries(tables) as [Component, NeighborTable][];
}

export function stateOf(chosen: Float32Array, tables: MemoryState['tables']): MemoryState {
  const total = chosen.reduce((sum, count) => sum + count, 0) + chosen.length / 2;
  return { chosen, popularity: chosen.map((count) => (count + 0.5) / total), tables };
}

/** What the program of the mixture is made for. */
export function formOf({ items, window, repeats, gate, smoothing }: MemoryConfig, state: MemoryState): MixtureForm {
  return {
    items,
    gate,
    smoothing,
    slots: slotsOf(window, { repeat: repeats, text: state.tables.text !== undefined }),
    longest: Object.fromEntries(tablesOf(state).map(([component, { longest }]) => [component, longest])),
  };
}

/** What the program of the mixture reads, see `mixtureProbabilities`. */
export function programTables(state: MemoryState, compact: boolean): Values {
  const entries = tablesOf(state).flatMap(([component, { offsets, columns, values, sums }]) => {
    // A tensor without elements is refused by the runtime.
    const used = compact ? Math.max(1, offsets.at(-1)!) : columns.length;
    return Object.entries({
      offsets: int32(offsets),
      columns: int32(columns.subarray(0, used)),
      values: float32(values.subarray(0, used)),
      ...(component !== 'text' && { sums: float32(sums) }),
    }).map(([name, value]) => [`${component}.${name}`, value]);
  });
  return { popularity: float32(state.popularity), ...Object.fromEntries(entries) };
}

/** The state as named tensors, for a file. */
export function storedTables(state: MemoryState): Values {
  const { popularity: _, ...tables } = programTables(state, true);
  return { chosen: float32(state.chosen), ...tables };
}

/** The state that `storedTables` wrote. @throws LeaError `E_MEMORY_FILE` */
export function readTables(values: Values, { items }: MemoryConfig): MemoryState {
  const part = (name: string, length?: number): Values[string]['data'] => {
    const data = values[name]?.data;
    if (data && (length === undefined || data.length === length)) return data;
    throw new LeaError('E_MEMORY_FILE', `The tables of a memory lack "${name}", or it has another size.`, {
      value: data?.length,
      hint: 'Save the memory again, or copy all of its files together.',
    });
  };
  const table = (component: Component): NeighborTable => {
    const offsets = part(`${component}.offsets`, items + 1) as Int32Array;
    const columns = part(`${component}.columns`) as Int32Array;
    const sums = component === 'text' ? new Float32Array(items).fill(1) : part(`${component}.sums`, items);
    let longest = 1;
    for (let x = 0; x < items; x++) longest = Math.max(longest, offsets[x + 1]! - offsets[x]!);
    const lists = { offsets, columns, values: part(`${component}.values`, columns.length) as Float32Array };
    return { ...lists, sums: sums as Float32Array, longest };
  };
  const counted = Object.fromEntries(COUNTED.map((component) => [component, table(component)]));
  const text = 'text.offsets' in values && { text: table('text') };
  return stateOf(part('chosen', items) as Float32Array, { ...(counted as Record<Counted, NeighborTable>), ...text });
}

/** Hash of everything that scores depend on. */
export function memoryHash(config: MemoryConfig, state: MemoryState): string {
  const stored = storedTables(state);
  const names = Object.keys(stored).sort();
  return contentHash('memory', config, ...names.flatMap((name) => [name, stored[name]!.data]));
}
