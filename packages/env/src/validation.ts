import { fold, type Key } from '@lea/core';
import type { Transitions } from '@lea/data';
import { embedding, rowDot, specsOf, type Values } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs';
import { type EnvironmentConfig, environmentLosses, stateSize } from './environment-model.ts';
import { type Runtime, ready } from './runtime.ts';
import { type BatchShape, negativeSampler, packSegments, segmentsOf } from './segments.ts';

export interface Validation {
  /** Means over the rows: `ndcg@10`, `accuracy`, `validation sm`, `validation rm`. */
  readonly metrics: Record<string, number>;
  /** Rewards of the logged actions and of an un-interacted item each. */
  readonly rewards: { readonly liked: readonly number[]; readonly other: readonly number[] };
}

export interface ValidationMeter {
  run(params: Values): Promise<Validation>;
  dispose(): Promise<void>;
}

/** Measures parameters on validation rows: NDCG@10 of the state model, both losses, pairwise accuracy of the reward model. */
export async function validationMeter(
  set: Transitions,
  config: EnvironmentConfig,
  params: Values,
  shape: BatchShape,
  key: Key,
  runtime: Runtime,
): Promise<ValidationMeter> {
  const segments = segmentsOf(set, config.window, () => true);
  const negative = negativeSampler(set, segments, fold(key, 'validation negatives'));
  const batches = packSegments(set, segments, shape, (sequence, event) => negative(0, sequence, event));
  const runner = await ready(
    ({ inputs, frozen }) => {
      const { tokens, memory, ...rest } = frozen;
      const { states, table, liked, other, total, sm, rm } = environmentLosses(
        rest,
        config,
        { tokens, memory },
        inputs,
      );
      const flat = tf.reshape(states, [-1, stateSize(config)]);
      const logits = tf.matMul(flat, table, false, true);
      const target = rowDot(flat, embedding(table, tf.reshape(inputs.target!, [-1])));
      // The target's own entry may differ from `target` in the last bits and must not count as better than itself.
      const better = tf.greater(logits, tf.add(tf.reshape(target, [-1, 1]), 1e-5));
      const rank = tf.sum(tf.cast(better, 'float32'), 1);
      return { state: {}, outputs: { rank, liked, other, sm: tf.mul(sm, total), rm: tf.mul(rm, total) } };
    },
    { inputs: specsOf(batches[0]!), frozen: specsOf(params) },
    runtime,
    'direct',
  );
  return {
    async run(frozen: Values): Promise<Validation> {
      const rewards = { liked: [] as number[], other: [] as number[] };
      const sums = { 'ndcg@10': 0, accuracy: 0, 'validation sm': 0, 'validation rm': 0 };
      let count = 0;
      for (const inputs of batches) {
        const { rank, liked, other, sm, rm } = (await runner.run({ inputs, frozen })).outputs;
        sums['validation sm'] += sm!.data[0]!;
        sums['validation rm'] += rm!.data[0]!;
        const weight = inputs.weight!.data;
        for (let i = 0; i < weight.length; i++) {
          if (weight[i] === 0) continue;
          count++;
          if (rank!.data[i]! < 10) sums['ndcg@10'] += 1 / Math.log2(rank!.data[i]! + 2);
          const [more, less] = [liked!.data[i]!, other!.data[i]!];
          sums.accuracy += more > less ? 1 : more === less ? 0.5 : 0;
          rewards.liked.push(more);
          rewards.other.push(less);
        }
      }
      return { metrics: Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, sum / count])), rewards };
    },
    dispose: (): Promise<void> => runner.dispose(),
  };
}
