import { fold, type Key, LeaError } from '@lea/core';
import type { Specs, Tensors, Value, Values } from '@lea/tensor';
import type * as tf from '@tensorflow/tfjs';
import { checkChoices, checkRanges } from '../checks.ts';
import { allValues, head, initHead, initSupervisedHead, supervisedHead } from '../heads.ts';
import type { Agent, Encoder, LossInput, Mode } from '../types.ts';

/** The options and metric-free parts that agents with a Q head share. */
export interface QOptions {
  /** Discount. Default 0.5; the papers found about 0.5 best, worse at 0 and near 1. */
  gamma: number;
  /** Weight of the TD terms against the cross entropy. Default 1; 2 undoes the 1/2 of the square. */
  tdWeight: number;
  /** `coin` (default, the lineage): two networks, a fair coin per step says which one learns and which one values. `polyak`: one network, valued by a moving average of its weights; every step counts. */
  target: 'coin' | 'polyak';
  /** Step of the moving average (`polyak` only). Default 0.01. Higher follows faster and is less steady. */
  tau: number;
  /** Dropout in the passes that make TD targets, as in the lineage. Default true. */
  targetDropout: boolean;
  /** The head whose scores rank items. Default `supervised`. */
  rankingHead: 'supervised' | 'q';
  /** Learning rate of Adam. Default 0.001 (the papers: 0.01 and 0.005). */
  lr: number;
}

export const qDefaults: QOptions = {
  gamma: 0.5,
  tdWeight: 1,
  target: 'coin',
  tau: 0.01,
  targetDropout: true,
  rankingHead: 'supervised',
  lr: 0.001,
};

/** @throws LeaError `E_OPTION_VALUE` */
export function checkQ(name: string, options: QOptions): void {
  checkRanges(name, options, { gamma: [0, 1], tdWeight: [0, Infinity], tau: [0, 1], lr: [0, Infinity] });
  checkChoices(name, options, {
    target: ['coin', 'polyak'],
    targetDropout: [true, false],
    rankingHead: ['supervised', 'q'],
  });
}

type Shared = Omit<Agent, 'phases' | 'loss'>;

/** Everything of an agent but its phases and its loss. */
export function supervisedBase(name: string, options: object, encoder: Encoder): Shared {
  return {
    name,
    config: { type: name, ...options, encoder: encoder.config },
    encoder,
    networks: 1,
    target: 'none',
    tau: 0,
    rankingHead: 'supervised',
    everyPosition: encoder.everyPosition,
    init: (key, shape, text) => initNetwork(key, encoder, shape, text, false),
    inputs: supervisedInputs,
    score: (params, histories, frozen) => score(encoder, 'supervised', params, histories, frozen),
  };
}

/** The same for agents with a Q head and a target. */
export function qBase(name: string, options: QOptions, encoder: Encoder): Shared {
  return {
    ...supervisedBase(name, options, encoder),
    networks: options.target === 'coin' ? 2 : 1,
    target: options.target,
    tau: options.target === 'polyak' ? options.tau : 0,
    rankingHead: options.rankingHead,
    init: (key, shape, text) => initNetwork(key, encoder, shape, text, true),
    inputs: (batchSize, window, targets) => ({
      ...supervisedInputs(batchSize, window, targets),
      reward: { dtype: 'float32', shape: [batchSize] },
      done: { dtype: 'float32', shape: [batchSize] },
      nextItems: { dtype: 'int32', shape: [batchSize, window] },
      nextLength: { dtype: 'int32', shape: [batchSize] },
    }),
    score: (params, histories, frozen) => score(encoder, options.rankingHead, params, histories, frozen),
  };
}

/**
 * The target network's parameters.
 *
 * @throws LeaError `E_TARGET_MISSING`
 */
export function neededTarget(name: string, { target }: LossInput): Tensors {
  if (target) return target;
  throw new LeaError('E_TARGET_MISSING', `${name} needs the parameters of a target network.`, {
    hint: 'Pass them as target.',
  });
}

/** Mode of a pass: dropout when training, with masks of its own per label. */
export function passMode({ key, frozen }: LossInput, label: string, train = true): Mode {
  return { train, key, label, ...(frozen.text && { text: frozen.text }) };
}

function initNetwork(
  key: Key,
  encoder: Encoder,
  shape: Parameters<Agent['init']>[1],
  text: Value | undefined,
  q: boolean,
): Values {
  return {
    ...encoder.init(fold(key, 'encoder'), shape, text),
    ...initSupervisedHead(fold(key, 'heads'), encoder, shape),
    ...(q && initHead(fold(key, 'heads'), 'q', shape.items, encoder.outputSize)),
  };
}

function supervisedInputs(batchSize: number, window: number, targets = 0): Specs {
  const extra: Specs = {
    targets: { dtype: 'int32', shape: [batchSize, targets] },
    targetWeights: { dtype: 'float32', shape: [batchSize, targets] },
  };
  return {
    items: { dtype: 'int32', shape: [batchSize, window] },
    length: { dtype: 'int32', shape: [batchSize] },
    action: { dtype: 'int32', shape: [batchSize] },
    ...(targets > 0 && extra),
  };
}

function score(
  encoder: Encoder,
  rankingHead: 'supervised' | 'q',
  params: Tensors,
  histories: Parameters<Agent['score']>[1],
  frozen: Tensors = {},
): tf.Tensor2D {
  const states = encoder.encode(params, histories, {
    train: false,
    label: 'score',
    ...(frozen.text && { text: frozen.text }),
  });
  return allValues(
    rankingHead === 'q' ? head(params, 'q', states) : supervisedHead(encoder, params, states, frozen.text),
  );
}
