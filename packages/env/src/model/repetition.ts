import { embedding } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';

/** Repetition term of state logits; it is 0 for items that are not in the history. */
export interface Repetition {
  /** Term for the item of each earlier position at each position, [B, T, T]. */
  readonly bonus: tf.Tensor;
  /** 1 where the earlier position holds the last visible occurrence of its item at that position, else 0, [B, T, T]. */
  readonly stands: tf.Tensor;
  /** Item indices of the positions, int32 [B, T]; the last index replaces values that are not items. */
  readonly items: tf.Tensor;
  /** Term for given items: int32 [n], the same at all positions -> [B, T, n]; or [B, T], one per position -> [B, T]. */
  of(ids: tf.Tensor): tf.Tensor;
}

/**
 * Creates the repetition term of packed histories.
 *
 * @param weight result of `repetitionWeight`, [1]
 * @param visibility `decay`: weight of each earlier position at each position, [B, T, T]; `visible`: 1 where a position may attend
 * @param positions item indices int32 [B, T]; values from `count` on are not items
 */
export function repetitionOf(
  weight: tf.Tensor,
  { decay, visible }: { readonly decay: tf.Tensor; readonly visible: tf.Tensor },
  positions: tf.Tensor,
  count: number,
): Repetition {
  const [B, T] = positions.shape as [number, number];
  const real = tf.cast(tf.less(positions, tf.scalar(count, 'int32')), 'float32');
  const same = tf.mul(
    equal(tf.reshape(positions, [B, T, 1]), tf.reshape(positions, [B, 1, T])),
    tf.reshape(real, [B, 1, T]),
  );
  const places = tf.range(0, T, 1, 'int32');
  const after = tf.cast(tf.greater(tf.reshape(places, [1, T, 1]), tf.reshape(places, [1, 1, T])), 'float32');
  const later = tf.matMul(visible, tf.mul(same, after));
  const w = tf.reshape(weight, [1, 1, 1]);
  return {
    bonus: tf.mul(tf.matMul(decay, same), w),
    stands: tf.mul(tf.mul(visible, tf.reshape(real, [B, 1, T])), equal(later, tf.scalar(0))),
    items: tf.minimum(positions, tf.scalar(count - 1, 'int32')),
    of: (ids) =>
      ids.rank === 1
        ? tf.mul(tf.matMul(decay, equal(tf.reshape(positions, [B, T, 1]), tf.reshape(ids, [1, 1, -1]))), w)
        : tf.sum(tf.mul(tf.mul(decay, equal(tf.reshape(ids, [B, T, 1]), tf.reshape(positions, [B, 1, T]))), w), 2),
  };
}

/** Logits of the items at the positions without the repetition term, [B, T, T], from states [B, T, S] and table [items, S]. */
export function positionLogits({ items }: Repetition, states: tf.Tensor, table: tf.Tensor): tf.Tensor {
  return tf.matMul(states, embedding(table, items), false, true);
}

/**
 * Log-sum-exp of all logits after adding the repetition term. Only the logits of these items change, so the others are not
 * recomputed.
 *
 * @param logits result of {@link positionLogits}
 * @param before log-sum-exp without the term, [B, T]
 */
export function normalizerAfter({ bonus, stands }: Repetition, logits: tf.Tensor, before: tf.Tensor): tf.Tensor {
  const share = tf.sub(logits, tf.expandDims(before, 2));
  const more = tf.sum(tf.mul(stands, tf.sub(tf.exp(tf.add(share, bonus)), tf.exp(share))), 2);
  return tf.add(before, tf.log(tf.maximum(tf.add(more, 1), tf.scalar(1e-6))));
}

function equal(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  return tf.cast(tf.equal(a, b), 'float32');
}
