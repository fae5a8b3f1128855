import { embedding, randomUniform } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { allValues, type Head } from '../heads.ts';
import type { Valuation } from './valuation.ts';

/** Options of agents whose Q head is an ensemble. */
export interface EnsembleOptions {
  /** Q heads side by side. Default 15, as in the authors' code. More: a better estimate of the spread, a dearer step. */
  heads: number;
  /** Coefficient of the penalty on uncertain targets. Default 10 (the authors also ran 20). Higher trusts fewer actions; 0: none. */
  penalty: number;
  /** `ratio` (default): Q / (1 + penalty * std). `difference`: Q - penalty * std, a lower confidence bound, their ablation. */
  form: 'ratio' | 'difference';
}

/**
 * How Value Penalized Q-Learning reads an ensemble: its mixture learns; targets are penalised by the standard deviation of
 * the heads, selected by their mean and valued by the mixture.
 *
 * @param mixture convex weights [heads]
 */
export function penalisedEnsemble(options: EnsembleOptions, mixture: tf.Tensor): Valuation {
  const { heads, penalty } = options;
  return {
    all: (at, candidates) =>
      candidates?.rank === 2
        ? mixed(headValues(at, candidates, heads), mixture)
        : allValues(mixedHead(rowsOf(at, candidates), heads, mixture)),
    of: (at, ids) => mixed(headValues(at, ids, heads), mixture),
    select: (at, candidates) => {
      if (candidates?.rank === 2) return penalised(momentsOf(headValues(at, candidates, heads)), options);
      const rows = rowsOf(at, candidates);
      const value = allValues({ features: rows.features, weight: meanHead(rows.weight, heads) });
      return penalty === 0 ? value : penalised({ value, std: allStd(rows, heads) }, options);
    },
    value: (at, ids) => {
      const each = headValues(at, ids, heads);
      return penalised({ value: mixed(each, mixture), std: headStd(each) }, options);
    },
  };
}

/** Random convex weights [heads], the same for all rows of a step: u_k / sum u, u uniform (REM, Agarwal et al., ICML 2020). */
export function mixtureWeights(key: tf.Tensor, heads: number): tf.Tensor1D {
  // Draws may be 0, and so may a single one.
  const draws = tf.add(randomUniform(key, 'mixture', [heads]), tf.scalar(1e-7));
  return tf.div(draws, tf.sum(draws)) as tf.Tensor1D;
}

/** The mean of an ensemble's heads as one head: weight [N, heads (H+1)] -> [N, H+1]. */
export function meanHead(weight: tf.Tensor, heads: number): tf.Tensor2D {
  return tf.mean(tf.reshape(weight, [weight.shape[0]!, heads, -1]), 1) as tf.Tensor2D;
}

/** Standard deviation over the last axis, the heads (of the population: divided by their number). */
export function headStd(each: tf.Tensor): tf.Tensor {
  const deviation = tf.sub(each, tf.mean(each, -1, true));
  return tf.sqrt(tf.mean(tf.square(deviation), -1));
}

/**
 * Standard deviation of the heads at all rows of the weight, [B, N]: values of what each head's weight is off the mean
 * weight, squared and averaged. [B, N, heads] is made for a block of items at a time.
 *
 * @param most numbers in a block of [B, items, heads]: larger blocks are not faster, but take memory
 */
export function allStd({ features, weight }: Head, heads: number, most: number = 2 ** 24): tf.Tensor2D {
  const [items, width] = weight.shape as [number, number];
  const rows = features.shape[0]!;
  const size = Math.max(1, Math.floor(most / (rows * heads)));
  const blocks = Array.from({ length: Math.ceil(items / size) }, (_, i) => {
    const count = Math.min(size, items - i * size);
    const each = tf.reshape(tf.slice(weight as tf.Tensor2D, [i * size, 0], [count, width]), [count, heads, -1]);
    const deviation = tf.reshape(tf.sub(each, tf.mean(each, 1, true)), [count * heads, -1]);
    const values = tf.reshape(allValues({ features, weight: deviation }), [rows, count, heads]);
    return tf.mean(tf.square(values), 2) as tf.Tensor2D;
  });
  return tf.sqrt(blocks.length === 1 ? blocks[0]! : tf.concat(blocks, 1));
}

/** The values of all heads for chosen items: ids [B] -> [B, heads], ids [B, K] -> [B, K, heads]. */
export function headValues({ features, weight }: Head, ids: tf.Tensor, heads: number): tf.Tensor {
  const [rows, width] = features.shape as [number, number];
  const each = tf.reshape(embedding(weight, ids), [...ids.shape, heads, width]);
  const ones = ids.shape.slice(1).map(() => 1);
  return tf.sum(tf.mul(each, tf.reshape(features, [rows, ...ones, 1, width])), -1);
}

interface Moments {
  readonly value: tf.Tensor;
  readonly std: tf.Tensor;
}

function momentsOf(each: tf.Tensor): Moments {
  return { value: tf.mean(each, -1), std: headStd(each) };
}

function penalised({ value, std }: Moments, { penalty, form }: EnsembleOptions): tf.Tensor2D {
  const price = tf.mul(std, tf.scalar(penalty));
  return (form === 'ratio' ? tf.div(value, tf.add(price, tf.scalar(1))) : tf.sub(value, price)) as tf.Tensor2D;
}

/** [..., heads] -> [...]. */
function mixed(each: tf.Tensor, mixture: tf.Tensor): tf.Tensor2D {
  return tf.sum(tf.mul(each, mixture), -1);
}

/** The mixture of the heads is a head: its weight is the mixture of theirs. */
function mixedHead({ features, weight }: Head, heads: number, mixture: tf.Tensor): Head {
  const each = tf.reshape(weight, [weight.shape[0]!, heads, -1]);
  return { features, weight: tf.sum(tf.mul(each, tf.reshape(mixture, [1, heads, 1])), 1) };
}

function rowsOf(at: Head, candidates: tf.Tensor | undefined): Head {
  return candidates ? { features: at.features, weight: embedding(at.weight, candidates) } : at;
}
