import { key } from '@lea/core';
import { int32, type Tensors, type Value, type Values } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { ce } from '../agents/ce.ts';
import type { EncoderFactory } from '../define.ts';
import type { Encoder, Mode, Shape } from '../types.ts';
import { type AgentContext, agentContext } from './agent-context.ts';
import { type EncoderSettings, encoderSettings } from './settings.ts';
import { keyTensor, perturbed, tensors, tidied, valuesOf } from './tensors.ts';

/** The subject of the checks of an encoder. */
export interface EncoderContext {
  readonly factory: EncoderFactory;
  readonly settings: EncoderSettings;
  readonly encoder: Encoder;
  readonly shape: Shape;
  /** The agent `ce` with this encoder, for checks of training. */
  readonly supervised: AgentContext;
  /** Parameters far enough from zero that no check passes by accident. */
  readonly params: Values;
  dispose(): Promise<void>;
}

export function encoderContext(factory: EncoderFactory, given: Partial<EncoderSettings> = {}): EncoderContext {
  const settings = encoderSettings(given);
  const { options, ...learning } = settings;
  const encoder = factory(options);
  const supervised = agentContext(ce, { ...learning, encoder });
  return {
    factory,
    settings,
    encoder,
    shape: supervised.shape,
    supervised,
    params: perturbed(encoder.init(key(1), supervised.shape, supervised.text)),
    dispose: supervised.dispose,
  };
}

/** Full, short and empty histories. */
export const mixed: readonly (readonly number[])[] = [[3, 1, 4, 1, 5, 9, 2, 6], [2, 7], [], [8], [0, 5, 0]];

/** Histories given as padded rows of equal width, and their lengths. */
export function exactly(rows: readonly (readonly number[])[], length: readonly number[]): Values {
  return { items: int32(rows.flat(), [rows.length, rows[0]!.length]), length: int32(length) };
}

/** States after the last event [B, H], after each event [B, L, H], and the item table. */
export interface States {
  readonly last: Value;
  readonly all: Value;
  readonly table: Value;
}

/** Encodes eagerly: in evaluation mode, or in training mode if a seed for dropout is given. */
export function encode(context: EncoderContext, histories: Values, seed?: number, label = 'test'): States {
  const { params, supervised } = context;
  return tidied(() => {
    const frozen = tensors(supervised.frozen);
    const mode: Mode = {
      train: seed !== undefined,
      label,
      ...(seed !== undefined && { key: keyTensor(seed) }),
      ...(frozen.text && { text: frozen.text }),
    };
    return valuesOf(passes(context, tensors(params), tensors(histories), mode)) as Values & States;
  });
}

/** The tensors of `States`. */
export function passes({ encoder }: EncoderContext, params: Tensors, histories: Tensors, mode: Mode): Tensors {
  const at = { items: histories.items!, length: histories.length! };
  return {
    last: encoder.encode(params, at, mode),
    all: encoder.encodeAll(params, at, mode),
    table: encoder.itemTable(params, mode.text),
  };
}

/** A loss that depends on every state: a sum of the states of both passes in which each element has another weight. */
export function weighedStates(
  context: EncoderContext,
  params: Tensors,
  histories: Tensors,
  frozen: Tensors,
): tf.Scalar {
  const mode = { train: false, label: 'test', ...(frozen.text && { text: frozen.text }) };
  const weighed = (x: tf.Tensor) => tf.sum(tf.mul(x, tf.reshape(tf.sin(tf.range(1, x.size + 1)), x.shape)));
  const { last, all } = passes(context, params, histories, mode);
  return tf.add(weighed(last!), weighed(all!)) as tf.Scalar;
}
