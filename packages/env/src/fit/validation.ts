import { fold, type Key } from '@lea/core';
import type { Transitions } from '@lea/data';
import { embedding, rowDot, specsOf, type Values } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import type { EnvironmentConfig } from '../model/config.ts';
import { type EnvironmentLosses, environmentLosses } from '../model/losses.ts';
import { normalizerAfter, positionLogits } from '../model/repetition.ts';
import { type Runtime, ready } from '../shared/runtime.ts';
import type { FitEnvironmentOptions } from './fit-options.ts';
import { type BatchShape, negativeSampler, packSegments, segmentsOf } from './segments.ts';

/** Result of a validation. */
export interface Validation {
  /** Means over the rows: `ndcg@10`, `accuracy`, `validation sm`, `validation rm`. */
  readonly metrics: Record<string, number>;
  /** Rewards of the logged action and of one negative per row. */
  readonly rewards: { readonly positive: readonly number[]; readonly negative: readonly number[] };
}

/** A compiled program that validates parameters. */
export interface ValidationMeter {
  /** Number of batches of a run. */
  readonly batches: number;
  /** Validates parameters. @param event makes the event of some batches that are done, which is yielded after every `every` of them */
  run<E>(params: Values, every: number, event: (done: number) => E): AsyncGenerator<E, Validation, undefined>;
  dispose(): Promise<void>;
}

/**
 * Creates a meter for validation rows: NDCG@10 and loss of the state model, both over all items even if training samples
 * items; loss and pairwise accuracy of the reward model.
 */
export async function validationMeter(
  set: Transitions,
  config: EnvironmentConfig,
  params: Values,
  shape: BatchShape,
  key: Key,
  { signal, ...runtime }: Runtime & Pick<FitEnvironmentOptions, 'signal'>,
): Promise<ValidationMeter> {
  const segments = segmentsOf(set, config.window, () => true);
  const negative = negativeSampler(set, segments, fold(key, 'validation negatives'));
  const batches = packSegments(set, segments, shape, (sequence, event) => negative(0, sequence, event));
  const runner = await ready(
    ({ inputs, frozen }) => {
      const { tokens, memory, popularity, ...rest } = frozen;
      // A single sampled item saves memory: the loss over all items is computed below, in blocks.
      const contrast = tf.zeros([1], 'int32');
      const about = environmentLosses(rest, config, { tokens, memory, popularity }, { ...inputs, contrast });
      const { rank, loss } = amongAll(about, inputs.target!);
      const sm = tf.sum(tf.mul(loss, inputs.weight!));
      return {
        state: {},
        outputs: { rank, positive: about.positive, negative: about.negative, sm, rm: tf.mul(about.rm, about.total) },
      };
    },
    { inputs: specsOf(batches[0]!), frozen: specsOf(params) },
    runtime,
    'direct',
  );
  return {
    batches: batches.length,
    async *run(frozen, every, event) {
      const rewards = { positive: [] as number[], negative: [] as number[] };
      const sums = { 'ndcg@10': 0, accuracy: 0, 'validation sm': 0, 'validation rm': 0 };
      let count = 0;
      for (const [done, inputs] of batches.entries()) {
        signal?.throwIfAborted();
        if (done > 0 && done % every === 0) yield event(done);
        const { rank, positive, negative, sm, rm } = (await runner.run({ inputs, frozen })).outputs;
        sums['validation sm'] += sm!.data[0]!;
        sums['validation rm'] += rm!.data[0]!;
        const weight = inputs.weight!.data;
        for (let i = 0; i < weight.length; i++) {
          if (weight[i] === 0) continue;
          count++;
          if (rank!.data[i]! < 10) sums['ndcg@10'] += 1 / Math.log2(rank!.data[i]! + 2);
          const [more, less] = [positive!.data[i]!, negative!.data[i]!];
          sums.accuracy += more > less ? 1 : more === less ? 0.5 : 0;
          rewards.positive.push(more);
          rewards.negative.push(less);
        }
      }
      return { metrics: Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, sum / count])), rewards };
    },
    dispose: (): Promise<void> => runner.dispose(),
  };
}

/** Maximum number of logits in memory. */
const LOGITS = 2 ** 24;

/** Smaller differences of logits count as ties, because equal products may differ in their last bits. */
const EQUAL = 1e-5;

/**
 * Ranks of targets among all items, and -log softmax of their logits.
 *
 * @param about `states` [B, T, size], `table` [items, size] and the repetition term of their products
 * @param target int32 [B, T]
 * @param most approximate maximum number of logits per block
 * @returns `rank` [B, T], the number of items above the target, with ties counted half; `loss` [B, T]
 */
export function amongAll(
  { states, table, repetition }: Pick<EnvironmentLosses, 'states' | 'table' | 'repetition'>,
  target: tf.Tensor,
  most: number = LOGITS,
): { rank: tf.Tensor; loss: tf.Tensor } {
  const [B, T, size] = states.shape as [number, number, number];
  const [items] = table.shape as [number];
  const rows = B * T;
  const queries = tf.reshape(states, [rows, size]);
  const plain = tf.reshape(rowDot(queries, embedding(table, tf.reshape(target, [-1]))), [rows, 1]);
  const own = repetition ? tf.add(plain, tf.reshape(repetition.of(target), [rows, 1])) : plain;
  /** 1 for a logit above the target's, 1/2 for one equal to it, [R, n] -> [R]. */
  const above = (logits: tf.Tensor): tf.Tensor => tf.mul(tf.add(beyond(logits, EQUAL), beyond(logits, -EQUAL)), 0.5);
  const beyond = (logits: tf.Tensor, by: number): tf.Tensor => tf.cast(tf.greater(logits, tf.add(own, by)), 'float32');
  const block = Math.max(1, Math.floor(most / rows));
  const before: tf.Tensor[] = [];
  const sums: tf.Tensor[] = [];
  for (let from = 0; from < items; from += block) {
    const count = Math.min(block, items - from);
    const logits = tf.matMul(queries, tf.slice(table, [from, 0], [count, size]), false, true);
    before.push(tf.sum(above(logits), 1));
    // The largest probability is 1 / sum exp(logit - largest). This is cheaper than logSumExp, which creates more matrices.
    sums.push(tf.sub(tf.max(logits, 1, true), tf.log(tf.max(tf.softmax(logits), 1, true))));
  }
  const whole = tf.reshape(sums.length === 1 ? sums[0]! : tf.logSumExp(tf.concat(sums, 1), 1, true), [B, T]);
  // The target ties with itself.
  const rank = tf.reshape(tf.sub(tf.addN(before), 0.5), [B, T]);
  const ofTarget = tf.reshape(own, [B, T]);
  if (!repetition) return { rank, loss: tf.sub(whole, ofTarget) };
  const logits = positionLogits(repetition, states, table);
  const moved = tf.sub(
    above(tf.reshape(tf.add(logits, repetition.bonus), [rows, T])),
    above(tf.reshape(logits, [rows, T])),
  );
  return {
    rank: tf.add(rank, tf.sum(tf.mul(tf.reshape(moved, [B, T, T]), repetition.stands), 2)),
    loss: tf.sub(normalizerAfter(repetition, logits, whole), ofTarget),
  };
}
