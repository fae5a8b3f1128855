import { adam, type Optimizer, type Program } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import type { EnvironmentConfig } from '../model/config.ts';
import { environmentLosses } from '../model/losses.ts';
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
    const { tokens, memory, popularity, fewer, known, ...rest } = frozen;
    const own = known ? { ...p, 'item.id': tf.mul(p['item.id']!, known) } : p;
    const facts = { tokens, memory, popularity, fewer };
    const dropout = o.dropout > 0 ? { rate: o.dropout, key: inputs.key! } : undefined;
    const { sm, rm } = environmentLosses({ ...own, ...rest }, config, facts, inputs, dropout);
    return { loss: tf.add(sm, tf.mul(rm, o.rewardLossWeight)) as tf.Scalar, aux: { sm, rm } };
  }, optimizer);
  return { optimizer, program };
}
