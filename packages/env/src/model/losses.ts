import { dropout, embedding, pick, rowDot, softmaxCrossEntropy, softplus, type Tensors } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { segmentMask, segmentPositions } from '../language-model/decoders/masks.ts';
import { promptedStates } from './candidate-prompt.ts';
import { type EnvironmentConfig, headNames } from './config.ts';
import { readout } from './connector.ts';
import { decayOf, likenessReward, popularityColumn, repetitionWeight, textMemory, visibleOf } from './memory.ts';
import { candidateTable, type ItemFacts, itemTables, statesOf, stateTable, withPrefix } from './network.ts';
import { normalizerAfter, positionLogits, type Repetition, repetitionOf } from './repetition.ts';
import { rewardsOf } from './reward-head.ts';

/** Result of {@link environmentLosses}. */
export interface EnvironmentLosses {
  /** Mean of the state loss L_sm over the positions with weight. */
  readonly sm: tf.Tensor;
  /** Mean of the reward loss L_rm over the same positions. */
  readonly rm: tf.Tensor;
  /** Number of positions with weight, at least 1. */
  readonly total: tf.Tensor;
  /** States [B, T, columns], followed by a column of ones for popularity if `countFeatures`. */
  readonly states: tf.Tensor;
  /** Item vectors for state logits, [items, columns]. */
  readonly table: tf.Tensor;
  /** Repetition term of the state logits, if `countFeatures`. */
  readonly repetition: Repetition | undefined;
  /** Rewards of the logged items R(a+), [B, T], mean over heads. */
  readonly positive: tf.Tensor;
  /** Rewards of the negatives R(a-), [B, N * T]: first negatives of all positions, then second negatives, ... */
  readonly negative: tf.Tensor;
}

/**
 * Both losses at all positions of packed histories:
 * L_sm = -log softmax(s_t W)[a+], over all items or, with `contrast`, over a+ and the sampled items of the step;
 * L_rm = -log sigmoid(R(a+) - R(a-)) (Bradley-Terry), mean over the negatives of a position and over the reward heads.
 *
 * @param inputs from `packSegments`, optionally with `contrast`, int32 [draws]
 * @param train dropout rate and random key; no dropout if omitted
 */
export function environmentLosses(
  params: Tensors,
  config: EnvironmentConfig,
  facts: ItemFacts,
  inputs: Tensors,
  train?: { readonly rate: number; readonly key: tf.Tensor },
): EnvironmentLosses {
  const { items, segment, target, negative, weight, contrast } = inputs as Record<string, tf.Tensor>;
  const [B, T] = items!.shape as [number, number];
  const N = negative!.shape[1]! / T;
  const mask = segmentMask(segment!);
  const tables = itemTables(params, config, facts.tokens);
  const mode = train ? { dropout: { ...train, label: 'environment' } } : {};
  const positions = config.decoder.maxPositions || config.prompt ? segmentPositions(segment!) : undefined;
  const history = embedding(withPrefix(tables.input, params, config), items!);
  // Candidates [a+ of all positions | first a- of all positions | ...], each with the mask of its position.
  const actions = embedding(candidateTable(params, config, tables.candidates), tf.concat([target!, negative!], 1));
  const askedMask = copies(mask, 1 + N, 2);
  const { states: decoded, ends } = config.prompt
    ? promptedStates(
        params,
        config.prompt,
        history,
        { mask, positions: positions! },
        { actions, mask: askedMask, end: copies(positions!, 1 + N, 1) },
        (x, branched) => statesOf(params, config, x, { ...mode, ...branched }),
      )
    : { states: statesOf(params, config, history, { mask, ...(positions && { positions }), ...mode }), ends: actions };
  const decay = config.textMemoryWidth > 0 || config.countFeatures ? decayOf(params, mask) : undefined;
  const remembered = facts.memory && textMemory(params, facts.memory, items!, decay!);
  const { queries, states: judging } = readout(config, decoded);
  const columns = [queries, ...(remembered ? [remembered] : []), ...(config.countFeatures ? [tf.ones([B, T, 1])] : [])];
  const states = columns.length === 1 ? queries : tf.concat(columns, 2);
  const table = stateTable(params, facts, tables.input);
  const repetition = config.countFeatures
    ? repetitionOf(repetitionWeight(params), { decay: decay!, visible: visibleOf(mask) }, items!, config.items)
    : undefined;

  const total = tf.maximum(tf.sum(weight!), 1);
  const less = facts.fewer && popularityColumn(params, tf.sub(facts.fewer, facts.popularity!));
  const shifts = { repetition, less: less && tf.reshape(embedding(less, target!), [B, T]) };
  const ce = contrast
    ? sampledCrossEntropy(states, table, target!, contrast, shifts)
    : crossEntropy(states, table, target!, shifts);

  const candidates = config.prompt ? readout(config, ends).states : ends;
  const asked = { states: judging, current: judging, candidates, mask: askedMask };
  const likeness =
    remembered &&
    likenessReward(params, copies(remembered, 1 + N, 1), embedding(facts.memory!, tf.concat([target!, negative!], 1)));
  const weights = copies(weight!, N, 1);
  const heads = headNames(config).map((name, h) => {
    const label = h === 0 ? 'environment/reward' : `environment/reward/${h}`;
    const drop = train && ((x: tf.Tensor): tf.Tensor => dropout(x, train.rate, train.key, label));
    const judged = rewardsOf(pick(name, params), config, asked, drop);
    const rewards = likeness ? tf.add(judged, likeness) : judged;
    const liked = tf.slice(rewards, [0, 0], [B, T]);
    const other = tf.slice(rewards, [0, T], [B, N * T]);
    const margin = tf.sub(copies(liked, N, 1), other);
    return { liked, other, loss: tf.sum(tf.mul(softplus(tf.neg(margin)), weights)) };
  });
  return {
    states,
    table,
    total,
    positive: mean(heads.map((head) => head.liked)),
    negative: mean(heads.map((head) => head.other)),
    sm: tf.div(tf.sum(tf.mul(ce, weight!)), total),
    repetition,
    rm: tf.div(mean(heads.map((head) => head.loss)), tf.mul(total, N)),
  };
}

/** Terms added to the dot products of states and items. */
interface Shifts {
  /** Added to the items of the history. */
  readonly repetition: Repetition | undefined;
  /** Added to the targets only, [B, T]. */
  readonly less: tf.Tensor | undefined;
}

/** -log softmax of the targets among all items, [B, T]: states [B, T, S], table [items, S], target int32 [B, T]. */
function crossEntropy(states: tf.Tensor, table: tf.Tensor, target: tf.Tensor, { repetition, less }: Shifts): tf.Tensor {
  const [B, T, S] = states.shape as [number, number, number];
  const [queries, ids] = [tf.reshape(states, [B * T, S]), tf.reshape(target, [B * T])];
  const each = tf.reshape(softmaxCrossEntropy(queries, table, tf.expandDims(ids, 1), tf.ones([B * T, 1])), [B, T]);
  if (!repetition) return each;
  const plain = tf.reshape(rowDot(queries, embedding(table, ids)), [B, T]);
  const normalizer = normalizerAfter(repetition, positionLogits(repetition, states, table), tf.add(each, plain));
  const own = tf.add(plain, repetition.of(target));
  return less ? lossAfter(tf.sub(own, normalizer), less) : tf.sub(normalizer, own);
}

/** -log softmax after adding `shift` to the target's logit only. @param logP log softmax of the target before */
function lossAfter(logP: tf.Tensor, shift: tf.Tensor): tf.Tensor {
  const shifted = tf.add(logP, shift);
  return tf.sub(tf.log(tf.maximum(tf.add(tf.sub(tf.exp(shifted), tf.exp(logP)), 1), tf.scalar(1e-6))), shifted);
}

/**
 * -log softmax of the target among itself and items sampled uniformly for the whole step, each with weight items / draws: an
 * estimate of the loss over all items (Bengio & Senecal 2008). If the target is also sampled, it counts once.
 *
 * @param contrast int32 [draws]
 * @returns [B, T]
 */
function sampledCrossEntropy(
  states: tf.Tensor,
  table: tf.Tensor,
  target: tf.Tensor,
  contrast: tf.Tensor,
  { repetition, less }: Shifts,
): tf.Tensor {
  const [B, T, S] = states.shape as [number, number, number];
  const [draws] = contrast.shape as [number];
  const queries = tf.reshape(states, [B * T, S]);
  const plain = tf.reshape(rowDot(queries, embedding(table, tf.reshape(target, [-1]))), [B, T, 1]);
  const others = tf.reshape(tf.matMul(queries, embedding(table, contrast), false, true), [B, T, draws]);
  const known = repetition ? tf.add(plain, tf.expandDims(repetition.of(target), 2)) : plain;
  const own = less ? tf.add(known, tf.expandDims(less, 2)) : known;
  const drawn = repetition ? tf.add(others, repetition.of(contrast)) : others;
  const same = tf.cast(tf.equal(tf.expandDims(target, 2), tf.reshape(contrast, [1, 1, draws])), 'float32');
  const weighed = tf.sub(tf.add(drawn, Math.log(table.shape[0]! / draws)), tf.mul(same, 1e9));
  return tf.sub(tf.logSumExp(tf.concat([own, weighed], 2), 2), tf.squeeze(own, [2]));
}

function copies(x: tf.Tensor, count: number, axis: number): tf.Tensor {
  return count === 1
    ? x
    : tf.concat(
        Array.from({ length: count }, () => x),
        axis,
      );
}

function mean(each: readonly tf.Tensor[]): tf.Tensor {
  return each.length === 1 ? each[0]! : tf.div(tf.addN(each as tf.Tensor[]), each.length);
}
