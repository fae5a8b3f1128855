import { embedding, type Program, type ProgramResult, pick, type Tensors } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs';
import { endsAfter, openingSlots } from './candidate-prompt.ts';
import type { DecoderMode } from './decoders/decode.ts';
import { causalMask } from './decoders/masks.ts';
import {
  type EnvironmentConfig,
  headNames,
  itemTables,
  readHistories,
  rewardsOf,
  statesOf,
  stateTable,
  withOpening,
} from './environment-model.ts';
import { pastLayers, pastTensors } from './environment-past.ts';
import { keptOf, likenessReward, textMemory } from './memory.ts';

/** What the environment answers with, as programs over batches of B histories of T slots, the opening included. */
export interface EnvironmentGraphs {
  /** Item vectors: `table` [items + opening, width] that histories are made of, `candidates` [items, width]. */
  readonly tables: Program;
  /** `items` [B, T]: `states` [B, T, width], `texts` [B, T, memory] where there is a memory; with `keeps` the past too. */
  encode(keeps: boolean): Program;
  /** `state` [rows, state size]: `logits` [rows, items] but for repetition. */
  score(rows: number): Program;
  /**
   * `length` [B], `actions` [B, A], `states`, `remembered` [B, memory] where there is a memory, with a prompt the past:
   * `mean` [B, A] over the score heads, with several `deviation` too.
   */
  rewards(A: number): Program;
}

export function environmentGraphs(config: EnvironmentConfig, B: number): EnvironmentGraphs {
  const D = config.decoder.width;
  const opening = openingSlots(config);
  const T = opening + config.window;

  /** Of each history the row of x [B, T, W] at its slot `last` [B, 1]: [B, 1, W]. */
  const at = (x: tf.Tensor, last: tf.Tensor): tf.Tensor => {
    const [, , W] = x.shape as [number, number, number];
    const slots = tf.add(tf.range(0, B * T, T, 'int32'), tf.reshape(last, [B]));
    return tf.reshape(embedding(tf.reshape(x, [B * T, W]), slots), [B, 1, W]);
  };
  const endsOf = (
    frozen: Tensors,
    inputs: Tensors,
    actions: tf.Tensor,
    history: { readonly visible: tf.Tensor; readonly last: tf.Tensor },
  ): tf.Tensor => {
    const past = { layers: pastLayers(config.decoder, inputs), positions: tf.tile(slotsOf(T), [B, 1]) };
    const run = (x: tf.Tensor, mode: DecoderMode) => statesOf(frozen, config, x, { ...mode, past });
    return endsAfter(frozen, config.prompt!, history, actions, run);
  };

  return {
    tables({ frozen }) {
      const { input, candidates } = itemTables(frozen, config, frozen.tokens);
      return { state: {}, outputs: { table: withOpening(input, frozen, config), candidates } };
    },

    encode:
      (keeps) =>
      ({ inputs, frozen }) => {
        const { table, memory, ...params } = frozen;
        const items = inputs.items!;
        const mask = causalMask(T);
        const { states, layers } = readHistories(params, config, embedding(table!, items), { mask });
        const texts = memory && { texts: textMemory(params, memory, items, keptOf(params, mask)) };
        return { state: {}, outputs: { states, ...texts, ...(keeps && pastTensors(layers)) } };
      },

    score:
      (rows) =>
      ({ inputs, frozen }) => {
        const decoded = tf.slice(frozen.table!, [0, 0], [config.items, D]);
        const state = config.counting ? tf.concat([inputs.state!, tf.ones([rows, 1])], 1) : inputs.state!;
        const logits = tf.matMul(state, stateTable(frozen, frozen, decoded), false, true);
        return { state: {}, outputs: { logits } };
      },

    rewards:
      (A) =>
      ({ inputs, frozen }): ProgramResult => {
        const { length, actions, states, remembered } = inputs as Record<string, tf.Tensor>;
        const last = tf.reshape(tf.add(length!, tf.scalar(opening - 1, 'int32')), [B, 1]);
        const hidden = tf.cast(tf.greater(slotsOf(T), last), 'float32');
        const visible = tf.reshape(tf.mul(hidden, -1e9), [B, 1, 1, T]);
        const vectors = embedding(frozen['reward.candidates']!, actions!);
        const candidates = config.prompt ? endsOf(frozen, inputs, vectors, { visible, last }) : vectors;
        const mask = tf.tile(visible, [1, 1, A, 1]);
        const asked = { states: states!, current: at(states!, last), candidates, mask };
        const likeness =
          frozen.memory &&
          likenessReward(frozen, tf.tile(remembered!.expandDims(1), [1, A, 1]), embedding(frozen.memory, actions!));
        const each = headNames(config).map((name) => {
          const judged = rewardsOf(pick(name, frozen), config, asked);
          return likeness ? tf.add(judged, likeness) : judged;
        });
        if (each.length === 1) return { state: {}, outputs: { mean: each[0]! } };
        const mean = tf.div(tf.addN(each), each.length);
        const spread = tf.addN(each.map((rewards) => tf.square(tf.sub(rewards, mean))));
        return { state: {}, outputs: { mean, deviation: tf.sqrt(tf.div(spread, each.length)) } };
      },
  };
}

/** 0 .. T - 1, int32 [1, T]. */
function slotsOf(T: number): tf.Tensor {
  return tf.reshape(tf.range(0, T, 1, 'int32'), [1, T]);
}
