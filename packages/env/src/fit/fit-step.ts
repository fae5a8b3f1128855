import { adam, dropout, type Optimizer, type Program, type Tensors } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import type { EnvironmentConfig } from '../model/config.ts';
import { environmentLosses } from '../model/losses.ts';
import { NEVER } from '../model/memory.ts';
import { trainingStep } from '../shared/steps.ts';
import type { FitEnvironmentOptions } from './fit-options.ts';

/** Steps of warm-up with a connector: the first steps of Adam would move its projections together, and the loss above guessing. */
const WARMUP = 10;

/** The training step of a fit. */
export interface FitStep {
  /** Optimizer of the trained parameters. */
  readonly optimizer: Optimizer;
  /** Outputs `loss`, `sm` (state model), `rm` (reward model). */
  readonly program: Program;
}

export function fitStep(o: FitEnvironmentOptions, config: EnvironmentConfig): FitStep {
  const optimizer = adam({ lr: o.lr, warmup: config.connector ? WARMUP : 0 });
  const program = trainingStep((p, inputs, frozen) => {
    const { tokens, memory, ...seen } = frozen;
    const shown = tokens && o.itemDropout > 0 ? shownItems(config.items, o.itemDropout, inputs.key!) : undefined;
    const { popularity, fewer, known, ...rest } = shown ? withoutHidden(seen, shown) : seen;
    const own = known ? { ...p, 'item.id': tf.mul(p['item.id']!, known) } : p;
    const facts = { tokens, memory, popularity, fewer };
    const drop = o.dropout > 0 ? { rate: o.dropout, key: inputs.key! } : undefined;
    const { sm, rm } = environmentLosses({ ...own, ...rest }, config, facts, inputs, drop);
    return { loss: tf.add(sm, tf.mul(rm, o.rewardLossWeight)) as tf.Scalar, aux: { sm, rm } };
  }, optimizer);
  return { optimizer, program };
}

/** 0 for the items that are hidden in a step, else 1, [items, 1]. */
function shownItems(items: number, rate: number, key: tf.Tensor): tf.Tensor {
  return tf.cast(tf.greater(dropout(tf.ones([items, 1]), rate, key, 'environment/items'), 0), 'float32');
}

/** What is known of items from the log, with hidden items as if nobody had chosen them (Volkovs et al., DropoutNet, 2017). */
function withoutHidden({ popularity, fewer, known, ...rest }: Tensors, shown: tf.Tensor): Tensors {
  const never = tf.mul(tf.sub(1, shown), NEVER);
  const shownOnly = (log: tf.Tensor): tf.Tensor => tf.add(tf.mul(log, shown), never);
  return {
    ...rest,
    ...(popularity && { popularity: shownOnly(popularity), fewer: shownOnly(fewer!) }),
    ...(known && { known: tf.mul(known, shown) }),
  };
}
