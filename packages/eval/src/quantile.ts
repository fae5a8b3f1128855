/** The quantile of ascending numbers, linear between two of them, as numpy's default; NaN of nothing. */
export function quantile(ascending: Float64Array, share: number): number {
  const place = share * (ascending.length - 1);
  const low = Math.floor(place);
  const [a, b] = [ascending[low] ?? Number.NaN, ascending[Math.ceil(place)] ?? Number.NaN];
  return a + (place - low) * (b - a);
}
