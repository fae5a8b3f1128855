/**
 * Gini index of the exposure of items: 0 when all are shown equally often, 1 when one alone is shown. With p in ascending order,
 * the sum of (2 j - N - 1) p_j / (N - 1) over the N items (Castells, Hurley and Vargas 2015).
 *
 * @param exposure [items] how often each item is shown
 */
export function gini(exposure: Float64Array): number {
  const ascending = exposure.toSorted();
  const items = ascending.length;
  let [weighted, total] = [0, 0];
  for (const [j, shown] of ascending.entries()) {
    weighted += (2 * (j + 1) - items - 1) * shown;
    total += shown;
  }
  return weighted / ((items - 1) * total);
}
