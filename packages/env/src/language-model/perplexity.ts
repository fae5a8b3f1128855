import { float32, specsOf, type Values } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { type Runtime, ready } from '../shared/runtime.ts';
import type { DecoderConfig } from './decoders/config.ts';
import { startVector, type TokenRows, textBatch, textLoss } from './language-model.ts';

/** A compiled program that measures perplexity. */
export interface PerplexityMeter {
  /**
   * Perplexity, exp of the mean -log p over the tokens of some rows.
   *
   * @param which indices of the rows
   * @param first input vector before the text of row `which[i]` (default: that of the start token)
   */
  run(params: Values, which: ArrayLike<number>, first?: (i: number) => Float32Array): Promise<number>;
  /** Releases the program. */
  dispose(): Promise<void>;
}

/** Compiles a perplexity meter for parameters shaped like `params`, with batches of `size` rows. */
export async function perplexityMeter(
  rows: TokenRows,
  config: DecoderConfig,
  params: Values,
  size: number,
  runtime: Runtime,
): Promise<PerplexityMeter> {
  const { width } = config;
  const batchOf = (which: ArrayLike<number>, first: Float32Array): Values => ({
    ...textBatch(rows, which),
    first: float32(first, [size, width]),
  });
  const specs = specsOf(batchOf(new Int32Array(size), new Float32Array(size * width)));
  const runner = await ready(
    ({ inputs, frozen }) => ({
      state: {},
      outputs: { loss: tf.sum(textLoss(frozen, config, inputs, inputs.first)) },
    }),
    { inputs: specs, frozen: specsOf(params) },
    runtime,
    'direct',
  );
  return {
    async run(frozen, which, first) {
      const start = startVector(frozen, config, rows.start);
      let [loss, tokens] = [0, 0];
      for (let at = 0; at < which.length; at += size) {
        // The last batch is padded with its last row at weight 0.
        const place = (b: number): number => Math.min(at + b, which.length - 1);
        const vectors = new Float32Array(size * width);
        for (let b = 0; b < size; b++) vectors.set(first?.(place(b)) ?? start, b * width);
        const inputs = batchOf(
          Int32Array.from({ length: size }, (_, b) => which[place(b)]!),
          vectors,
        );
        const weights = inputs.weights!.data.fill(0, (which.length - at) * rows.context) as Float32Array;
        loss += (await runner.run({ inputs, frozen })).outputs.loss!.data[0]!;
        tokens += weights.reduce((a, b) => a + b, 0);
      }
      return Math.exp(loss / tokens);
    },
    dispose: () => runner.dispose(),
  };
}
