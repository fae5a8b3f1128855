/** Memory limit of the cached rows. */
const CACHE_BYTES = 256 * 2 ** 20;

/** Caches rows of `length` numbers by item, computed on demand; histories overlap, so rows are reused. */
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
