import { embedding, type Program, type ProgramResult, pick, type Tensors } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import type { DecoderMode } from '../language-model/decoders/decoder-mode.ts';
import { causalMask, prefixMask } from '../language-model/decoders/masks.ts';
import { endsAfter, prefixLength } from '../model/candidate-prompt.ts';
import { type EnvironmentConfig, headNames } from '../model/config.ts';
import { readout } from '../model/connector.ts';
import { decayOf, likenessReward, textMemory } from '../model/memory.ts';
import { candidateTable, itemTables, readHistories, statesOf, stateTable, withPrefix } from '../model/network.ts';
import { rewardsOf } from '../model/reward-head.ts';
import { pastByName, pastLayers } from './past.ts';

// Programs of the environment. Their inputs are batches of B histories with T positions each, including the prefix.

/**
 * Vectors of items: `inputs` [items + prefix, n] of histories, `table` [items, width] for logits, and `candidates` of the reward
 * program.
 */
export function tablesProgram(config: EnvironmentConfig): Program {
  return ({ frozen }) => {
    const { input, candidates } = itemTables(frozen, config, frozen.tokens);
    const asked = candidateTable(frozen, config, candidates);
    return { state: {}, outputs: { inputs: withPrefix(input, frozen, config), table: input, candidates: asked } };
  };
}

/** `items` [B, T] -> `states` [B, T, width], with a connector also `queries` (see `readout`), `texts` [B, T, memory] with a text memory, and keys and values if `keeps`. */
export function encodeProgram(config: EnvironmentConfig, keeps: boolean): Program {
  return ({ inputs, frozen }) => {
    const { inputs: vectors, memory, ...params } = frozen;
    const items = inputs.items!;
    const mask = causalMask(items.shape[1]!);
    const { states, layers } = readHistories(params, config, embedding(vectors!, items), { mask });
    const texts = memory && { texts: textMemory(params, memory, items, decayOf(params, mask)) };
    return {
      state: {},
      outputs: {
        ...(config.connector ? readout(config, states) : { states }),
        ...texts,
        ...(keeps && pastByName(layers)),
      },
    };
  };
}

/** `state` [rows, stateSize] -> `logits` [rows, items] without repetition. */
export function scoreProgram(config: EnvironmentConfig): Program {
  return ({ inputs, frozen }) => {
    const state = config.countFeatures
      ? tf.concat([inputs.state!, tf.ones([inputs.state!.shape[0]!, 1])], 1)
      : inputs.state!;
    const logits = tf.matMul(state, stateTable(frozen, frozen, frozen.table!), false, true);
    return { state: {}, outputs: { logits } };
  };
}

/**
 * `length` [B], `actions` [B, A], `states` [B, T, width], `remembered` [B, memory] with a text memory, and keys and values
 * with a prompt -> `mean` [B, A] over the reward heads and, if there are several, `deviation`.
 */
export function rewardProgram(config: EnvironmentConfig): Program {
  return ({ inputs, frozen }): ProgramResult => {
    const { length, actions, states, remembered } = inputs as Record<string, tf.Tensor>;
    const [B, T] = states!.shape as [number, number, number];
    const A = actions!.shape[1]!;
    const last = tf.reshape(tf.add(length!, tf.scalar(prefixLength(config) - 1, 'int32')), [B, 1]);
    const visible = prefixMask(last, T);
    const vectors = embedding(frozen['reward.candidates']!, actions!);
    const candidates = config.prompt ? promptedEnds(config, frozen, inputs, vectors, { visible, last }) : vectors;
    const mask = tf.tile(visible, [1, 1, A, 1]);
    const asked = { states: states!, current: positionAt(states!, last), candidates, mask };
    const likeness =
      frozen.memory &&
      likenessReward(frozen, tf.tile(tf.expandDims(remembered!, 1), [1, A, 1]), embedding(frozen.memory, actions!));
    const each = headNames(config).map((name) => {
      const judged = rewardsOf(pick(name, frozen), config, asked);
      return likeness ? tf.add(judged, likeness) : judged;
    });
    if (each.length === 1) return { state: {}, outputs: { mean: each[0]! } };
    const mean = tf.div(tf.addN(each), each.length);
    const spread = tf.addN(each.map((rewards) => tf.square(tf.sub(rewards, mean))));
    return { state: {}, outputs: { mean, deviation: tf.sqrt(tf.div(spread, each.length)) } };
  };
}

/** States of the prompt's last tokens for actions [B, A, width], after the histories whose keys and values are inputs. */
function promptedEnds(
  config: EnvironmentConfig,
  frozen: Tensors,
  inputs: Tensors,
  actions: tf.Tensor,
  history: { readonly visible: tf.Tensor; readonly last: tf.Tensor },
): tf.Tensor {
  const [B, T] = inputs.states!.shape as [number, number, number];
  const positions = tf.tile(tf.reshape(tf.range(0, T, 1, 'int32'), [1, T]), [B, 1]);
  const past = { layers: pastLayers(config.decoder, inputs), positions };
  const run = (x: tf.Tensor, mode: DecoderMode) => statesOf(frozen, config, x, { ...mode, past });
  return readout(config, endsAfter(frozen, config.prompt!, history, actions, run)).states;
}

/** Selects position `last` [B, 1] of each history from x [B, T, W] -> [B, 1, W]. */
function positionAt(x: tf.Tensor, last: tf.Tensor): tf.Tensor {
  const [B, T, W] = x.shape as [number, number, number];
  const positions = tf.add(tf.range(0, B * T, T, 'int32'), tf.reshape(last, [B]));
  return tf.reshape(embedding(tf.reshape(x, [B * T, W]), positions), [B, 1, W]);
}
