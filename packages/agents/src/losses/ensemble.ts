import { embedding, randomUniform } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { allValues, type Head } from '../heads.ts';
import type { Valuation } from './valuation.ts';

/** Options of agents whose Q head is an ensemble. */
export interface EnsembleOptions {
  /** Number of Q heads; 15 as in the authors' code. More: a better estimate of the spread, slower steps. Default: 15. */
  qHeads: number;
  /** Coefficient of the penalty on uncertain targets; 0 disables it, the authors used 10 and 20. Default: 10. */
  uncertaintyPenalty: number;
  /**
   * `ratio` divides Q by 1 + penalty * std, `difference` subtracts penalty * std, a lower confidence bound. The latter is an ablation.
   * Default: `ratio`.
   */
  penaltyForm: 'ratio' | 'difference';
}

/**
 * How Value Penalized Q-Learning reads an ensemble: the mixture of the heads learns. Targets are penalized by the standard
 * deviation of the heads; actions are selected by the mean of the heads and evaluated by the mixture.
 *
 * @param mixture convex weights [heads]
 */
export function penalizedEnsemble(options: EnsembleOptions, mixture: tf.Tensor): Valuation {
  const { qHeads, uncertaintyPenalty } = options;
  return {
    all: (at, candidates) =>
      candidates?.rank === 2
        ? mixed(headValues(at, candidates, qHeads), mixture)
        : allValues(mixedHead(rowsOf(at, candidates), qHeads, mixture)),
    of: (at, ids) => mixed(headValues(at, ids, qHeads), mixture),
    select: (at, candidates) => {
      if (candidates?.rank === 2) return penalized(momentsOf(headValues(at, candidates, qHeads)), options);
      const rows = rowsOf(at, candidates);
      const value = allValues({ features: rows.features, weight: meanHead(rows.weight, qHeads) });
      return uncertaintyPenalty === 0 ? value : penalized({ value, std: allStd(rows, qHeads) }, options);
    },
    value: (at, ids) => {
      const each = headValues(at, ids, qHeads);
      return penalized({ value: mixed(each, mixture), std: headStd(each) }, options);
    },
  };
}

/**
 * [heads] random convex weights, the same for all rows of a step: u_k / sum u, u uniform (REM, Agarwal et al., ICML
 * 2020).
 */
export function mixtureWeights(key: tf.Tensor, heads: number): tf.Tensor1D {
  // Draws may be 0, so a single head could give 0 / 0.
  const draws = tf.add(randomUniform(key, 'mixture', [heads]), tf.scalar(1e-7));
  return tf.div(draws, tf.sum(draws)) as tf.Tensor1D;
}

/** The mean of an ensemble's heads as a single head: weight [N, heads (H+1)] -> [N, H+1]. */
export function meanHead(weight: tf.Tensor, heads: number): tf.Tensor2D {
  return tf.mean(tf.reshape(weight, [weight.shape[0]!, heads, -1]), 1) as tf.Tensor2D;
}

/** Population standard deviation over the last axis, the heads. */
export function headStd(each: tf.Tensor): tf.Tensor {
  const deviation = tf.sub(each, tf.mean(each, -1, true));
  return tf.sqrt(tf.mean(tf.square(deviation), -1));
}

/**
 * [B, N] standard deviation of the heads for all items: the root mean square of the values of each head's deviation from the
 * mean weight. [B, N, heads] is computed for one block of items at a time.
 *
 * @param most maximum size of a block [B, items, heads]; larger blocks are not faster but take more memory
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

function penalized({ value, std }: Moments, { uncertaintyPenalty, penaltyForm }: EnsembleOptions): tf.Tensor2D {
  const price = tf.mul(std, tf.scalar(uncertaintyPenalty));
  return (penaltyForm === 'ratio' ? tf.div(value, tf.add(price, tf.scalar(1))) : tf.sub(value, price)) as tf.Tensor2D;
}

/** [..., heads] -> [...]. */
function mixed(each: tf.Tensor, mixture: tf.Tensor): tf.Tensor2D {
  return tf.sum(tf.mul(each, mixture), -1);
}

/** The mixture of the heads as a single head, whose weight is the mixture of their weights. */
function mixedHead({ features, weight }: Head, heads: number, mixture: tf.Tensor): Head {
  const each = tf.reshape(weight, [weight.shape[0]!, heads, -1]);
  return { features, weight: tf.sum(tf.mul(each, tf.reshape(mixture, [1, heads, 1])), 1) };
}

function rowsOf(at: Head, candidates: tf.Tensor | undefined): Head {
  return candidates ? { features: at.features, weight: embedding(at.weight, candidates) } : at;
}
