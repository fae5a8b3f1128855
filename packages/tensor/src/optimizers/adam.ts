import { finite, type Given, type OptionsSchema, option, parseOptions, whole } from '@lea/core';
import * as tf from '@tensorflow/tfjs-core';
import { setRows } from '../ops/set-rows.ts';
import type { Tensors, Values } from '../types.ts';
import { zeros } from '../values.ts';
import type { Optimizer } from './optimizer.ts';

/** Options of `adam`. */
export interface AdamOptions {
  /** Learning rate. Larger values learn faster until training diverges. Default: 0.001. */
  readonly lr: number;
  /**
   * Number of first steps in which the learning rate rises linearly to `lr`. Adam moves every weight by about the learning rate
   * in its first steps, however small or noisy the gradients. Larger values are safer and start slower. Default: 0.
   */
  readonly warmup: number;
  /** Decay rate of the mean of gradients. Larger values average over more steps. Default: 0.9. */
  readonly beta1: number;
  /** Decay rate of the mean of squared gradients. Larger values average over more steps. Default: 0.999. */
  readonly beta2: number;
  /** Added to the square root in the denominator. Larger values shrink the steps of small gradients. Default: 1e-8. */
  readonly eps: number;
}

const decayRate = finite(0, 1 - Number.EPSILON);

/** Defaults and checks of `AdamOptions`. */
const adamSchema: OptionsSchema<AdamOptions> = {
  lr: option(finite(0), 0.001),
  warmup: option(whole(0, Number.MAX_SAFE_INTEGER), 0),
  beta1: option(decayRate, 0.9),
  beta2: option(decayRate, 0.999),
  eps: option(finite(0), 1e-8),
};

/**
 * Adam (Kingma, Ba, 2015, algorithm 1) as in PyTorch: p -= lr · m̂ / (sqrt(v̂) + eps).
 *
 * The slots are `m/<param>`, `v/<param>` and the step count `t`. They store m / (1 - beta1) and v / (1 - beta2), which saves
 * two passes over every parameter; the factors are part of the step size.
 *
 * Use `touched` for embedding tables: in the dense form the slots of rows without gradients decay to denormal numbers,
 * which are slow to compute with.
 *
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`
 */
export function adam(options?: Given<AdamOptions>): Optimizer {
  const config = parseOptions('adam', adamSchema, options);
  const { beta1, beta2 } = config;

  function init(params: Record<string, { shape: readonly number[] }>): Values {
    const slots: Values = { t: zeros({ dtype: 'float32', shape: [] }) };
    for (const [name, { shape }] of Object.entries(params)) {
      slots[`m/${name}`] = zeros({ dtype: 'float32', shape });
      slots[`v/${name}`] = zeros({ dtype: 'float32', shape });
    }
    return slots;
  }

  function update(
    grads: Tensors,
    slots: Tensors,
    params: Tensors,
    touched: Tensors = {},
  ): { params: Tensors; slots: Tensors } {
    const t = tf.add(slots.t!, 1);
    const { rate, eps } = stepSize(config, t);
    const nextParams: Tensors = { ...params };
    const nextSlots: Tensors = { ...slots, t };
    for (const [name, grad] of Object.entries(grads)) {
      const old = [params[name]!, slots[`m/${name}`]!, slots[`v/${name}`]!];
      const ids = touched[name];
      const rows = (x: tf.Tensor) => (ids ? tf.gather(x, ids as tf.Tensor1D) : x);
      const [p, m, v, g] = [...old, grad].map(rows) as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
      const m2 = tf.add(tf.mul(m, beta1), g);
      const v2 = tf.add(tf.mul(v, beta2), tf.square(g));
      const p2 = tf.sub(p, tf.div(tf.mul(m2, rate), tf.add(tf.sqrt(v2), eps)));
      // Repeated ids write the same values, so their order does not matter.
      const next = [p2, m2, v2].map((x, i) => (ids ? setRows(old[i]!, ids, x) : x));
      nextParams[name] = next[0]!;
      nextSlots[`m/${name}`] = next[1]!;
      nextSlots[`v/${name}`] = next[2]!;
    }
    return { params: nextParams, slots: nextSlots };
  }

  return { name: 'adam', config: { ...config }, init, update };
}

/**
 * With m = (1 - β1) m' and v = (1 - β2) v', and s = sqrt((1 - β2) / (1 - β2^t)):
 * lr · m̂ / (sqrt(v̂) + eps) = (lr (1 - β1) / (1 - β1^t) / s) · m' / (sqrt(v') + eps / s).
 */
function stepSize({ lr, warmup, beta1, beta2, eps }: AdamOptions, t: tf.Tensor): { rate: tf.Tensor; eps: tf.Tensor } {
  const s = tf.sqrt(tf.div(1 - beta2, oneMinusPower(beta2, t)));
  const rate = tf.div(tf.div(lr * (1 - beta1), oneMinusPower(beta1, t)), s);
  const share = warmup > 0 ? tf.minimum(tf.div(t, warmup), 1) : undefined;
  return { rate: share ? tf.mul(rate, share) : rate, eps: tf.div(eps, s) };
}

/** 1 - base^t as -2y / (1 - y) with y = tanh(t ln(base) / 2): avoids cancellation in float32 (0.999^1 loses five digits). */
function oneMinusPower(base: number, t: tf.Tensor): tf.Tensor {
  if (base === 0) return tf.onesLike(t);
  const y = tf.tanh(tf.mul(t, Math.log(base) / 2));
  return tf.div(tf.mul(y, -2), tf.sub(1, y));
}
