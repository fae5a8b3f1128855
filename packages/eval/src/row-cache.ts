/** The memory that rows may take before they are forgotten and made anew. */
const CACHE_BYTES = 256 * 2 ** 20;

/** Rows of `length` numbers by item, made when they are asked for and kept, as histories overlap. */
export function cachedRows(length: number, make: (item: number) => Float32Array): (item: number) => Float32Array {
  const capacity = Math.max(1, Math.floor(CACHE_BYTES / (4 * length)));
  const rows = new Map<number, Float32Array>();
  return (item) => {
    const known = rows.get(item);
    if (known !== undefined) return known;
    const made = make(item);
    if (rows.size >= capacity) rows.clear();
    rows.set(item, made);
    return made;
  };
}
