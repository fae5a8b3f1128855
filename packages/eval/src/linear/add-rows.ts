/** Adds `sum_j weights[j] rows[j]` to the target, four rows at a time: the target is then read and written a quarter as often. */
export function addRows(rows: readonly Float32Array[], weights: readonly number[], target: Float64Array): void {
  const whole = rows.length - (rows.length % 4);
  for (let j = 0; j < whole; j += 4) {
    const [a, b, c, d] = [rows[j]!, rows[j + 1]!, rows[j + 2]!, rows[j + 3]!];
    const [w, x, y, z] = [weights[j]!, weights[j + 1]!, weights[j + 2]!, weights[j + 3]!];
    for (let i = 0; i < target.length; i++) target[i]! += w * a[i]! + x * b[i]! + y * c[i]! + z * d[i]!;
  }
  for (let j = whole; j < rows.length; j++) {
    const [row, weight] = [rows[j]!, weights[j]!];
    for (let i = 0; i < target.length; i++) target[i]! += weight * row[i]!;
  }
}
