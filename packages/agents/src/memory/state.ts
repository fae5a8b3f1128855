import { contentHash, LeaError } from '@lea/core';
import { float32, int32, type Values } from '@lea/tensor';
import { checkStates } from '../arguments.ts';
import { COUNTED, type Counted } from './counts.ts';
import type { Gate } from './mixture.ts';
import { type Component, slotsOf } from './mixture.ts';
import type { MixtureForm } from './probabilities.ts';
import type { NeighborTable } from './tables.ts';

/** The settings of a memory besides its tables, as plain JSON. For the options see `MemoryOptions`. */
export interface MemoryConfig {
  /** Number of items. */
  readonly items: number;
  /** Number of newest items of the history that are used. */
  readonly window: number;
  /** Maximum distance of counted pairs, in events. */
  readonly horizon: number;
  /** Pseudo-count of popularity. */
  readonly smoothing: number;
  /** Whether the items of the history are candidates themselves. */
  readonly repeats: boolean;
  /** Number of successors per item; null keeps all. */
  readonly neighbors: number | null;
  /** The fitted weights of the mixture. */
  readonly gate: Gate;
  /** Fitted number that is added to ln p of items in the window. */
  readonly repeat: number;
  /** Mean of -ln p(target) over the rows that the gate was fitted to, with each row's own user removed. */
  readonly loss: number;
}

/** The counts of a memory. States are immutable: new events create a new state. */
export interface MemoryState {
  /** [N] number of times each item was chosen */
  readonly chosen: Float32Array;
  /** [N] (chosen + 1/2) / (its sum + N/2) */
  readonly popularity: Float32Array;
  /** The tables by component, as views of `joined`. */
  readonly tables: Tables;
  /** All tables concatenated, because reading one table takes half the time of reading four. */
  readonly joined: Pick<NeighborTable, 'offsets' | 'columns' | 'values' | 'sums'>;
}

export type Tables = Readonly<Record<Counted, NeighborTable>> & { readonly text?: NeighborTable };

/** The components with a table, in the order that programs use. */
function tablesOf(tables: Tables): [Exclude<Component, 'popularity'>, NeighborTable][] {
  const counted = COUNTED.map((component) => [component, tables[component]] as [Counted, NeighborTable]);
  return tables.text ? [...counted, ['text', tables.text]] : counted;
}

export function stateOf(chosen: Float32Array, tables: Tables): MemoryState {
  const total = chosen.reduce((sum, count) => sum + count, 0) + chosen.length / 2;
  const all = tablesOf(tables);
  const length = (part: keyof MemoryState['joined']) => all.reduce((sum, [, table]) => sum + table[part].length, 0);
  const joined = {
    offsets: new Int32Array(length('offsets')),
    columns: new Int32Array(length('columns')),
    values: new Float32Array(length('values')),
    sums: new Float32Array(length('sums')),
  };
  const end = { offsets: 0, columns: 0, values: 0, sums: 0 };
  const view = <A extends Int32Array | Float32Array>(part: keyof typeof end, whole: A, own: A): A => {
    whole.set(own, end[part]);
    end[part] += own.length;
    return whole.subarray(end[part] - own.length, end[part]) as A;
  };
  const views = all.map(([component, { offsets, columns, values, sums, longest }]) => [
    component,
    {
      offsets: view('offsets', joined.offsets, offsets),
      columns: view('columns', joined.columns, columns),
      values: view('values', joined.values, values),
      sums: view('sums', joined.sums, sums),
      longest,
    },
  ]);
  const popularity = chosen.map((count) => (count + 0.5) / total);
  return { chosen, popularity, tables: Object.fromEntries(views) as Tables, joined };
}

/** The state without the reserved space of its tables. */
export function compacted({ chosen, tables }: MemoryState): MemoryState {
  const cut = tablesOf(tables).map(([component, table]) => {
    // The runtime refuses tensors without elements.
    const used = Math.max(1, table.offsets.at(-1)!);
    return [component, { ...table, columns: table.columns.subarray(0, used), values: table.values.subarray(0, used) }];
  });
  return stateOf(chosen, Object.fromEntries(cut) as Tables);
}

/** The settings that the program of the mixture is compiled for. */
export function formOf(
  { items, window, repeats, gate, smoothing }: MemoryConfig,
  { tables }: MemoryState,
): MixtureForm {
  const all = tablesOf(tables);
  const start = (index: number) => all.slice(0, index).reduce((sum, [, { columns }]) => sum + columns.length, 0);
  return {
    items,
    gate,
    smoothing,
    slots: slotsOf(window, { repeat: repeats, text: tables.text !== undefined }),
    starts: Object.fromEntries(all.map(([component], index) => [component, start(index)])),
    longest: Math.max(...all.map(([, { longest }]) => longest)),
  };
}

/** The tables that the program of the mixture reads, see `mixtureProbabilities`. */
export function programTables({ popularity, joined }: MemoryState): Values {
  return {
    popularity: float32(popularity),
    offsets: int32(joined.offsets),
    columns: int32(joined.columns),
    values: float32(joined.values),
    sums: float32(joined.sums),
  };
}

/** The state as named tensors, for saving. */
export function storedTables(state: MemoryState): Values {
  checkStates('storedTables', { state });
  const entries = tablesOf(compacted(state).tables).flatMap(([component, { offsets, columns, values, sums }]) =>
    Object.entries({
      offsets: int32(offsets),
      columns: int32(columns),
      values: float32(values),
      ...(component !== 'text' && { sums: float32(sums) }),
    }).map(([name, value]) => [`${component}.${name}`, value]),
  );
  return { chosen: float32(state.chosen), ...Object.fromEntries(entries) };
}

/**
 * Restores a state from the tensors of `storedTables`. Sizes are checked before anything is allocated.
 *
 * @throws LeaError `E_MEMORY_FILE`
 */
export function readTables(values: Values, config: MemoryConfig): MemoryState {
  checkConfig(config, 'text.offsets' in values);
  const { items } = config;
  const part = (name: string, length?: number): Values[string]['data'] => {
    const data = values[name]?.data;
    if (data && (length === undefined || data.length === length)) return data;
    throw broken(`"${name}"`, data?.length);
  };
  const table = (component: Counted | 'text'): NeighborTable => {
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

/** Checks that the gate has a weight for every slot of the window. @throws LeaError `E_MEMORY_FILE` */
function checkConfig({ items, window, repeats, gate, ...numbers }: MemoryConfig, text: boolean): void {
  const { horizon, smoothing, repeat } = numbers;
  const bias: unknown = gate?.bias;
  const sound =
    [items, window, horizon].every((size) => Number.isSafeInteger(size) && size >= 1) &&
    Number.isFinite(smoothing) &&
    Number.isFinite(repeat) &&
    Array.isArray(bias) &&
    bias.every(Number.isFinite) &&
    window <= bias.length &&
    slotsOf(window, { repeat: repeats, text }).length === bias.length &&
    Object.values(gate.evidence ?? {}).every(Number.isFinite);
  if (!sound) throw broken('settings', { items, window });
}

/** Checks that all offsets and columns are in range. @throws LeaError `E_MEMORY_FILE` */
export function checkTables({ tables }: MemoryState, { items }: MemoryConfig): void {
  for (const [component, { offsets, columns }] of tablesOf(tables)) {
    const rising = offsets.every((offset, x) => offset >= (x === 0 ? 0 : offsets[x - 1]!) && offset <= columns.length);
    const known = columns.every((column) => column >= 0 && column < items);
    if (!rising || !known) throw broken(`tables "${component}"`, undefined);
  }
}

function broken(what: string, value: unknown): LeaError {
  return new LeaError('E_MEMORY_FILE', `The saved memory is incomplete or inconsistent: ${what}.`, {
    value,
    hint: 'Save the memory again, or copy all of its files together.',
  });
}

/** SHA-256 (hex) of everything that scores depend on. */
export function memoryHash(config: MemoryConfig, state: MemoryState): string {
  const stored = storedTables(state);
  const names = Object.keys(stored).sort();
  return contentHash('memory', config, ...names.flatMap((name) => [name, stored[name]!.data]));
}
