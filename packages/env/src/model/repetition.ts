import { embedding } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';

/** What repetition adds to the logits of the items that histories hold; to all others it adds nothing. */
export interface Repetition {
  /** What the item of a slot gets at a position, [B, T, T]. */
  readonly bonus: tf.Tensor;
  /** 1 where a slot stands for its item: it holds one, the position sees it, and sees no later slot with the same; [B, T, T]. */
  readonly stands: tf.Tensor;
  /** Ids of the slots, those that are no items replaced by one, int32 [B, T]. */
  readonly items: tf.Tensor;
  /** What each of some items, the same for all positions or one for each, gets. @param ids int32 [n] or [B, T] -> [B, T, n] or [B, T] */
  of(ids: tf.Tensor): tf.Tensor;
}

/**
 * @param weight [1] @param decay [B, T, T] what is left of a slot at a position @param visible [B, T, T] 1 where it is seen
 * @param positions int32 [B, T], ids from `count` on are no items
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

/** Logits of the items in the slots without their bonus, [B, T, T]: states [B, T, S] . rows of table [items, S]. */
export function slotLogits({ items }: Repetition, states: tf.Tensor, table: tf.Tensor): tf.Tensor {
  return tf.matMul(states, embedding(table, items), false, true);
}

/**
 * log sum exp of all logits once the bonus is added to those of the slots: only these change, so the others are not
 * needed.
 *
 * @param logits of {@link slotLogits} @param before log sum exp without the bonus, [B, T]
 */
export function normalizerAfter({ bonus, stands }: Repetition, logits: tf.Tensor, before: tf.Tensor): tf.Tensor {
  const share = tf.sub(logits, tf.expandDims(before, 2));
  const more = tf.sum(tf.mul(stands, tf.sub(tf.exp(tf.add(share, bonus)), tf.exp(share))), 2);
  return tf.add(before, tf.log(tf.maximum(tf.add(more, 1), tf.scalar(1e-6))));
}

function equal(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  return tf.cast(tf.equal(a, b), 'float32');
}
