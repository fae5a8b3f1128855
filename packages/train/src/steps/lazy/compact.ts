import { type Specs, sizeOf, type Values } from '@lea/tensor';

/** A batch whose ids number its own distinct items instead of the whole catalog. */
export interface CompactBatch {
  /** The inputs of the step: ids are positions in `rows`, the padding id is `size`. */
  readonly inputs: Values;
  /** [size + 1]: the catalog id of every position. The choices come first, the padding id last; unused positions are 0. */
  readonly rows: Int32Array;
  /** Number of positions in use, without padding. */
  readonly used: number;
}

/** Renumbers the items of batches. */
export interface Compactor {
  /** Number of positions that hold the distinct choices of any batch. */
  readonly choices: number;
  /** Number of positions that hold all distinct items of any batch. */
  readonly size: number;
  /** @param inputs of one step, stacked or not; only their data is read */
  compact(inputs: Values): CompactBatch;
}

/** Inputs with ids that heads read. They come first, so that a head needs only the first rows. */
const CHOICES = ['candidates', 'action', 'targets'];
const HISTORIES = ['items', 'nextItems'];

/**
 * Renumbers the items of each batch, so that a program of fixed size can work on their rows of the item tables.
 *
 * @param specs the inputs of one step
 * @param items size N of the catalog; N is the padding id
 */
export function createCompactor(specs: Specs, items: number): Compactor {
  const given = (names: readonly string[]) => names.filter((name) => name in specs);
  const count = (names: readonly string[]) => given(names).reduce((sum, name) => sum + sizeOf(specs[name]!.shape), 0);
  const choices = Math.min(items, count(CHOICES));
  const size = Math.min(items, count([...CHOICES, ...HISTORIES]));
  const ids = given([...CHOICES, ...HISTORIES]);
  const position = new Int32Array(items + 1).fill(-1);
  position[items] = size;

  function compact(inputs: Values): CompactBatch {
    const rows = new Int32Array(size + 1);
    let used = 0;
    const renumbered = { ...inputs };
    for (const name of ids) {
      const { data: from, ...spec } = inputs[name]!;
      const data = new Int32Array(from.length);
      for (let i = 0; i < data.length; i++) {
        const id = from[i]!;
        let at = position[id]!;
        if (at < 0) {
          at = used++;
          position[id] = at;
          rows[at] = id;
        }
        data[i] = at;
      }
      renumbered[name] = { ...spec, data };
    }
    for (let i = 0; i < used; i++) position[rows[i]!] = -1;
    rows[size] = items;
    return { inputs: renumbered, rows, used };
  }
  return { choices, size, compact };
}
