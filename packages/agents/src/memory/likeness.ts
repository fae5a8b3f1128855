import { compile, type Program, specsOf, type Value } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs';
import { topK } from '../topk.ts';
import { type NeighborTable, tableOf } from './tables.ts';

/** Rows per product: enough to keep it busy, without a matrix of hundreds of megabytes. */
const BLOCK_VALUES = 2 ** 23;

/**
 * The nearest texts of each item: max(cosine, 0)^power over its sum over all other items, 0 for the item itself; of the
 * `most` nearest. The products grow with the square of the catalogue.
 *
 * @param text float32 [N, D]
 */
export async function textTable(text: Value, power: number, most: number): Promise<NeighborTable> {
  const items = text.shape[0]!;
  const block = Math.max(1, Math.min(items, Math.floor(BLOCK_VALUES / items)));
  const program: Program = ({ inputs, frozen }) => {
    const unit = (x: tf.Tensor) => tf.div(x, tf.maximum(tf.norm(x, 2, 1, true), tf.scalar(1e-12))) as tf.Tensor2D;
    const all = unit(frozen.text!);
    const cosine = tf.matMul(tf.gather(all, inputs.rows as tf.Tensor1D), all, false, true);
    return { state: {}, outputs: { nearness: tf.pow(tf.relu(cosine), tf.scalar(power)) } };
  };
  const inputs = { rows: { dtype: 'int32', shape: [block] } } as const;
  const runner = await compile(program, { inputs, frozen: specsOf({ text }) }, { mode: 'direct' });
  try {
    const rows: { columns: number[]; values: number[] }[] = [];
    const kept = Math.min(most, items);
    for (let next = 0; next < items; next += block) {
      // The program's block is fixed: the last one goes back to rows that are known already.
      const start = Math.min(next, items - block);
      const ids = Int32Array.from({ length: block }, (_, i) => start + i);
      const { outputs } = await runner.run({
        inputs: { rows: { dtype: 'int32', shape: [block], data: ids } },
        frozen: { text },
      });
      const nearness = outputs.nearness!.data as Float32Array;
      for (let x = next; x < start + block; x++) {
        const row = nearness.subarray((x - start) * items, (x - start + 1) * items);
        row[x] = 0;
        const sum = row.reduce((total, value) => total + value, 0);
        const best = topK(row, kept).filter(({ score }) => score > 0);
        best.sort((a, b) => a.item - b.item);
        rows.push({ columns: best.map(({ item }) => item), values: best.map(({ score }) => score / sum) });
      }
    }
    return tableOf(rows, new Float32Array(items).fill(1));
  } finally {
    await runner.dispose();
  }
}
