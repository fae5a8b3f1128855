import { compile, type Program, specsOf, type Value } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { type NeighborRow, type NeighborTable, tableOf } from './tables.ts';

/** Values per matrix product: efficient, but below hundreds of megabytes. */
const BLOCK_VALUES = 2 ** 23;

/**
 * The nearest texts of each item: max(cosine, 0)^power, normalized over all other items, 0 for the item itself. Only the `most`
 * nearest are kept. The cost grows with the square of the catalog.
 *
 * @param text float32 [N, D]
 */
export async function textTable(text: Value, power: number, most: number): Promise<NeighborTable> {
  const items = text.shape[0]!;
  const kept = Math.min(most, items);
  const block = Math.max(1, Math.min(items, Math.floor(BLOCK_VALUES / items)));
  const program: Program = ({ inputs, frozen }) => {
    const unit = (x: tf.Tensor) => tf.div(x, tf.maximum(tf.norm(x, 2, 1, true), tf.scalar(1e-12))) as tf.Tensor2D;
    const rows = inputs.rows as tf.Tensor1D;
    const all = unit(frozen.text!);
    const cosine = tf.matMul(tf.gather(all, rows), all, false, true);
    const others = tf.cast(
      tf.notEqual(tf.expandDims(rows, 1), tf.expandDims(tf.range(0, items, 1, 'int32'), 0)),
      'float32',
    );
    // x^power as exp(power * log x): runtimes vectorize exp and log, but compute pow value by value.
    const nearness = tf.mul(tf.exp(tf.mul(tf.log(tf.relu(cosine)), tf.scalar(power))), others);
    const { values, indices } = tf.topk(nearness, kept);
    const share = tf.div(values, tf.maximum(tf.sum(nearness, 1, true), tf.scalar(1e-30)));
    return { state: {}, outputs: { items: indices, share } };
  };
  const inputs = { rows: { dtype: 'int32', shape: [block] } } as const;
  const runner = await compile(program, { inputs, frozen: specsOf({ text }) }, { mode: 'direct' });
  const shareOf = new Float32Array(items);
  /** The items with a positive share (they come first), in ascending order. */
  const ascending = (nearest: Int32Array, shares: Float32Array): NeighborRow => {
    const end = shares.findIndex((share) => !(share > 0));
    const columns = nearest.slice(0, end < 0 ? nearest.length : end);
    columns.forEach((item, i) => {
      shareOf[item] = shares[i]!;
    });
    columns.sort();
    return { columns, values: Float32Array.from(columns, (item) => shareOf[item]!) };
  };
  try {
    const table: NeighborRow[] = [];
    for (let next = 0; next < items; next += block) {
      // The block size is fixed, so the last block overlaps with the previous one.
      const start = Math.min(next, items - block);
      const ids = Int32Array.from({ length: block }, (_, i) => start + i);
      const { outputs } = await runner.run({
        inputs: { rows: { dtype: 'int32', shape: [block], data: ids } },
        frozen: { text },
      });
      const [nearest, shares] = [outputs.items!.data as Int32Array, outputs.share!.data as Float32Array];
      for (let at = (next - start) * kept; at < nearest.length; at += kept) {
        table.push(ascending(nearest.subarray(at, at + kept), shares.subarray(at, at + kept)));
      }
    }
    return tableOf(table, new Float32Array(items).fill(1));
  } finally {
    await runner.dispose();
  }
}
