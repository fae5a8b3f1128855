import { fold, type Key } from '@lea/core';
import type { Transitions } from '@lea/data';
import { embedding, rowDot, specsOf, type Values } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs';
import { type EnvironmentConfig, environmentLosses, stateSize } from './environment-model.ts';
import { type Runtime, ready } from './runtime.ts';
import { negativeSampler, packSegments, segmentsOf } from './segments.ts';

export interface ValidationMeter {
  /** Means over the rows: `ndcg@10`, `accuracy`, `validation sm`, `validation rm`. */
  run(params: Values): Promise<Record<string, number>>;
  dispose(): Promise<void>;
}

/** Measures parameters on validation rows: NDCG@10 of the state model, both losses, pairwise accuracy of the reward model. */
export async function validationMeter(
  set: Transitions,
  config: EnvironmentConfig,
  params: Values,
  shape: { readonly rows: number; readonly slots: number },
  key: Key,
  runtime: Runtime,
): Promise<ValidationMeter> {
  const segments = segmentsOf(set, config.window, () => true);
  const negative = negativeSampler(set, segments, fold(key, 'validation negatives'));
  const batches = packSegments(set, segments, shape, (sequence, event) => negative(0, sequence, event));
  const runner = await ready(
    ({ inputs, frozen }) => {
      const { tokens, memory, ...rest } = frozen;
      const { states, table, margin, total, sm, rm } = environmentLosses(rest, config, { tokens, memory }, inputs);
      const flat = tf.reshape(states, [-1, stateSize(config)]);
      const logits = tf.matMul(flat, table, false, true);
      const target = rowDot(flat, embedding(table, tf.reshape(inputs.target!, [-1])));
      // The target's own entry may differ from `target` in the last bits and must not count as better than itself.
      const better = tf.greater(logits, tf.add(tf.reshape(target, [-1, 1]), 1e-5));
      const rank = tf.sum(tf.cast(better, 'float32'), 1);
      return { state: {}, outputs: { rank, margin, sm: tf.mul(sm, total), rm: tf.mul(rm, total) } };
    },
    { inputs: specsOf(batches[0]!), frozen: specsOf(params) },
    runtime,
    'direct',
  );
  return {
    async run(frozen: Values): Promise<Record<string, number>> {
      const sums = { 'ndcg@10': 0, accuracy: 0, 'validation sm': 0, 'validation rm': 0 };
      let count = 0;
      for (const inputs of batches) {
        const { rank, margin, sm, rm } = (await runner.run({ inputs, frozen })).outputs;
        sums['validation sm'] += sm!.data[0]!;
        sums['validation rm'] += rm!.data[0]!;
        const weight = inputs.weight!.data;
        for (let i = 0; i < weight.length; i++) {
          if (weight[i] === 0) continue;
          count++;
          if (rank!.data[i]! < 10) sums['ndcg@10'] += 1 / Math.log2(rank!.data[i]! + 2);
          sums.accuracy += margin!.data[i]! > 0 ? 1 : margin!.data[i] === 0 ? 0.5 : 0;
        }
      }
      return Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, sum / count]));
    },
    dispose: (): Promise<void> => runner.dispose(),
  };
}
