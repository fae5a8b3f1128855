import { center, rotationBetween, type Value } from '@lea/tensor';
import { meanOf } from './map-axis.ts';

/**
 * Writes the rows of new items into a table that an encoder initializes from texts. The whitened texts of two catalogs differ by
 * a rotation, and training has moved the rows. Each new item therefore gets its text row after the rotation and the shift that
 * best map the text rows of the kept items to their rows in the table.
 *
 * @param table the mapped table of the catalog that is trained on
 * @param texts the same table, fresh from `init`
 * @param sources -1 for new items
 */
export function writeTextRows(table: Value, texts: Value, sources: Int32Array): void {
  const width = table.data.length / table.shape[0]!;
  const row = ({ data }: Value, item: number) => data.subarray(item * width, (item + 1) * width);
  const items = [...sources.keys()];
  const kept = items.filter((item) => sources[item]! >= 0);
  const [from, to] = [texts, table].map((rows) => {
    const own = kept.map((item) => row(rows, item));
    const flat = new Float32Array(own.length * width);
    for (const [i, values] of own.entries()) flat.set(values, i * width);
    return { mean: meanOf(own, width), centered: center(flat, own.length, width) };
  });
  const rotation = rotationBetween(from!.centered, to!.centered, kept.length, width);
  for (const item of items) {
    if (sources[item]! >= 0) continue;
    const own = row(texts, item);
    const target = row(table, item);
    for (let b = 0; b < width; b++) {
      let turned = 0;
      for (let a = 0; a < width; a++) turned += (own[a]! - from!.mean[a]!) * rotation[a * width + b]!;
      target[b] = to!.mean[b]! + turned;
    }
  }
}
