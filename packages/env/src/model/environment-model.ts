import { fold, type Key, normal } from '@lea/core';
import {
  attention,
  dropout,
  embedding,
  float32,
  gelu,
  linear,
  pick,
  rmsNorm,
  rowDot,
  softmaxCrossEntropy,
  softplus,
  type Tensors,
  type Values,
} from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import type { DecoderConfig } from '../language-model/decoders/config.ts';
import { type DecoderMode, type KeysAndValues, readSlots } from '../language-model/decoders/decode.ts';
import type { LoraOptions } from '../language-model/decoders/lora.ts';
import { segmentMask, segmentPositions } from '../language-model/decoders/masks.ts';
import { openingOf, type PromptShape, promptedStates } from './candidate-prompt.ts';
import {
  keptOf,
  likenessReward,
  type MemoryShape,
  popularityColumn,
  repetitionWeight,
  textMemory,
  visibleOf,
} from './memory.ts';
import { normaliserAfter, type Repetition, repetitionOf, slotLogits } from './repetition.ts';

/** What the environment (LE) is made of; everything that its programs need to know. */
export interface EnvironmentConfig extends MemoryShape {
  readonly decoder: DecoderConfig;
  readonly items: number;
  /** Most events of a history that are read. */
  readonly window: number;
  /** What an item enters as: a free vector, its projected token, or their sum. */
  readonly input: 'id' | 'text' | 'id+text';
  readonly adaptation: 'all' | LoraOptions;
  /** What a candidate is to the score head: its text alone, or what it enters histories as. */
  readonly candidates: 'text' | 'input';
  /** Score heads; with several a reward is their mean. */
  readonly rewardHeads: number;
  /** Words around histories and candidates; null: bare item tokens. */
  readonly prompt: PromptShape | null;
}

/** Columns of a state: the decoder's, then the text memory's. */
export function stateSize({ decoder, memory }: EnvironmentConfig): number {
  return decoder.width + memory;
}

/** What is known of the items beside parameters, [items, ...]: what the config asks for of them has to be there. */
export interface ItemFacts {
  /** [items, S] */
  readonly tokens?: tf.Tensor | undefined;
  /** The text memory's table, [items, K]. */
  readonly memory?: tf.Tensor | undefined;
  /** Of `logPopularity`, [items, 1]. */
  readonly popularity?: tf.Tensor | undefined;
  /**
   * The same of counts less by one, for a fit: a target's own row is no evidence for it. Without this no target would ever
   * be an item that nobody took, and the fit would conclude that there are none.
   */
  readonly fewer?: tf.Tensor | undefined;
}

/** What states are compared with, [items, columns]: popularity, where it is there, meets a 1. @param input what items enter histories as [items, width] */
export function stateTable(params: Tensors, { memory, popularity }: ItemFacts, input: tf.Tensor): tf.Tensor {
  const columns = [input, ...(memory ? [memory] : []), ...(popularity ? [popularityColumn(params, popularity)] : [])];
  return columns.length === 1 ? input : tf.concat(columns, 1);
}

/** Item vectors: tokens are brought to a root mean square of 1 before, so these are the scales the table begins with. */
const ID_SCALE = 0.02;

/** Fresh parameters but the decoder's. */
export function initEnvironment(key: Key, config: EnvironmentConfig, tokenSize: number): Values {
  const D = config.decoder.width;
  const values: Values = {};
  const put = (name: string, scale: number, ...shape: number[]): void => {
    const size = shape.reduce((a, b) => a * b, 1);
    values[name] = float32(
      normal(fold(key, name), size).map((v) => v * scale),
      shape,
    );
  };
  put('start', ID_SCALE, 1, D);
  if (config.input !== 'text') put('item.id', ID_SCALE, config.items, D);
  if (config.input !== 'id') put('item.projection.weight', ID_SCALE / Math.sqrt(tokenSize), D, tokenSize);
  for (const head of headNames(config)) {
    for (const name of ['query', 'key', 'value']) put(`${head}${name}.weight`, 1 / Math.sqrt(D), D, D);
    values[`${head}norm.weight`] = float32(new Float32Array(D).fill(1), [D]);
    put(`${head}hidden.weight`, 1 / Math.sqrt(4 * D), 2 * D, 4 * D);
    values[`${head}hidden.bias`] = float32(new Float32Array(2 * D), [2 * D]);
    put(`${head}score.weight`, 1 / Math.sqrt(2 * D), 1, 2 * D);
  }
  return values;
}

/** What the parameters of each score head begin with: `reward.` of one, `reward.0.`, `reward.1.`, ... of several. */
export function headNames({ rewardHeads }: EnvironmentConfig): string[] {
  return rewardHeads === 1 ? ['reward.'] : Array.from({ length: rewardHeads }, (_, h) => `reward.${h}.`);
}

/** One vector per item, [items, width]: what goes in and what states are compared with, and what the score head sees. */
export function itemTables(
  params: Tensors,
  { candidates }: EnvironmentConfig,
  tokens: tf.Tensor | undefined,
): { input: tf.Tensor; candidates: tf.Tensor } {
  const id = params['item.id'];
  if (!tokens) return { input: id!, candidates: id! };
  const text = linear(tokens, params['item.projection.weight']!);
  const input = id ? tf.add(id, text) : text;
  return { input, candidates: candidates === 'text' ? text : input };
}

/** The item table and after it what histories begin with: the ids from `items` on. */
export function withOpening(table: tf.Tensor, params: Tensors, config: EnvironmentConfig): tf.Tensor {
  return tf.concat([table, openingOf(params, config)], 0);
}

/** States of all slots: [B, T, width] vectors (opening, then items) -> [B, T, width]. */
export function statesOf(params: Tensors, config: EnvironmentConfig, x: tf.Tensor, mode: DecoderMode): tf.Tensor {
  return readHistories(params, config, x, mode).states;
}

/** {@link statesOf}, and of each layer the keys and values of the slots. */
export function readHistories(
  params: Tensors,
  config: EnvironmentConfig,
  x: tf.Tensor,
  mode: DecoderMode,
): { states: tf.Tensor; layers: KeysAndValues[] } {
  const entering = mode.dropout ? dropout(x, mode.dropout.rate, mode.dropout.key, `${mode.dropout.label}/input`) : x;
  const { adaptation } = config;
  const lora = adaptation === 'all' ? {} : { adapters: { weights: params, scale: adaptation.alpha / adaptation.rank } };
  const { states, layers } = readSlots(params, config.decoder, entering, { ...mode, ...lora });
  return { states: states.at(-1)!, layers };
}

/**
 * The score head: each candidate attends to the states of its history, then an MLP sees what it found, the candidate,
 * the newest state and their product. Candidates see no other candidate, so many cost one pass over the history.
 *
 * @param head the parameters of one head, without the beginning of their names
 * @param states [B, T, width]
 * @param current [B, P, width] the newest states that are asked about
 * @param candidates [B, Q, width] rows of the item table, or states of the candidates' last words: one for each of the P
 *   states, then another for each, ...
 * @param mask [B, 1, Q, T] 0 where a candidate may look, -1e9 elsewhere
 * @returns rewards [B, Q]
 */
export function rewardsOf(
  head: Tensors,
  config: EnvironmentConfig,
  { states, current, candidates, mask }: Record<'states' | 'current' | 'candidates' | 'mask', tf.Tensor>,
  drop: (x: tf.Tensor) => tf.Tensor = (x) => x,
): tf.Tensor {
  const [B, T, D] = states.shape as [number, number, number];
  const Q = candidates.shape[1]!;
  const P = current!.shape[1]!;
  const { heads, normEps } = config.decoder;
  const size = D / heads;
  const split = (x: tf.Tensor, n: number): tf.Tensor => tf.transpose(tf.reshape(x, [B, n, heads, size]), [0, 2, 1, 3]);
  const c = rmsNorm(candidates, head['norm.weight']!, normEps);
  const q = split(linear(c, head['query.weight']!), Q);
  const k = split(linear(states, head['key.weight']!), T);
  const v = split(linear(states, head['value.weight']!), T);
  const found = tf.reshape(tf.transpose(attention(q, k, v, mask, 1 / Math.sqrt(size)), [0, 2, 1, 3]), [B, Q, D]);
  // linear([found, c, current, c * current]) without copies of what candidates share.
  const both = tf.mul(tf.reshape(c, [B, Q / P, P, D]), tf.reshape(current, [B, 1, P, D]));
  const [own, shared, joint] = tf.split(head['hidden.weight']!, [2 * D, D, D], 1) as [tf.Tensor, tf.Tensor, tf.Tensor];
  const each = tf.add(
    linear(tf.concat([found, c], 2), own, head['hidden.bias']!),
    tf.reshape(linear(both, joint), [B, Q, 2 * D]),
  );
  const asked = tf.add(tf.reshape(each, [B, Q / P, P, 2 * D]), tf.reshape(linear(current, shared), [B, 1, P, 2 * D]));
  const hidden = drop(gelu(tf.reshape(asked, [B, Q, 2 * D])));
  return tf.reshape(linear(hidden, head['score.weight']!), [B, Q]);
}

export interface EnvironmentLosses {
  /** Mean of L_sm over the positions with weight. */
  readonly sm: tf.Tensor;
  /** Mean of L_rm. */
  readonly rm: tf.Tensor;
  /** Their number, at least 1. */
  readonly total: tf.Tensor;
  /** States, where the config counts with a 1 after them for popularity: [B, T, columns]. */
  readonly states: tf.Tensor;
  /** What they are compared with, [items, columns]. */
  readonly table: tf.Tensor;
  /** What repetition adds to state logits, where the config counts. */
  readonly repetition: Repetition | undefined;
  /** R(a+), [B, T]; with several heads their mean. */
  readonly liked: tf.Tensor;
  /** R(a-), [B, N * T]: the first of every position, then the second, ... */
  readonly other: tf.Tensor;
}

/**
 * Both losses over packed histories, at every position:
 * L_sm = -log softmax(s_t W)[a+], over all items or, with `contrast`, over a+ and the items drawn for the step;
 * L_rm = -log sigmoid(R(a+) - R(a-)) (Bradley-Terry), mean over the a- of a position and over the score heads.
 *
 * @param inputs of `packSegments`, and perhaps `contrast` int32 [draws]
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
  const positions = config.decoder.positions || config.prompt ? segmentPositions(segment!) : undefined;
  const history = embedding(withOpening(tables.input, params, config), items!);
  // Candidates [a+ at all positions | the first a- at all positions | ...]: each sees what its position sees.
  const actions = embedding(tables.candidates, tf.concat([target!, negative!], 1));
  const askedMask = copies(mask, 1 + N, 2);
  const { states: decoded, ends: candidates } = config.prompt
    ? promptedStates(
        params,
        config.prompt,
        history,
        { mask, positions: positions! },
        { actions, mask: askedMask, end: copies(positions!, 1 + N, 1) },
        (x, branched) => statesOf(params, config, x, { ...mode, ...branched }),
      )
    : { states: statesOf(params, config, history, { mask, ...(positions && { positions }), ...mode }), ends: actions };
  const kept = config.memory > 0 || config.counting ? keptOf(params, mask) : undefined;
  const remembered = facts.memory && textMemory(params, facts.memory, items!, kept!);
  const columns = [decoded, ...(remembered ? [remembered] : []), ...(config.counting ? [tf.ones([B, T, 1])] : [])];
  const states = columns.length === 1 ? decoded : tf.concat(columns, 2);
  const table = stateTable(params, facts, tables.input);
  const repetition = config.counting
    ? repetitionOf(repetitionWeight(params), { kept: kept!, visible: visibleOf(mask) }, items!, config.items)
    : undefined;

  const total = tf.maximum(tf.sum(weight!), 1);
  const less = facts.fewer && popularityColumn(params, tf.sub(facts.fewer, facts.popularity!));
  const shifts = { repetition, less: less && tf.reshape(embedding(less, target!), [B, T]) };
  const ce = contrast
    ? sampledCrossEntropy(states, table, target!, contrast, shifts)
    : crossEntropy(states, table, target!, shifts);

  const asked = { states: decoded, current: decoded, candidates, mask: askedMask };
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
    liked: mean(heads.map((head) => head.liked)),
    other: mean(heads.map((head) => head.other)),
    sm: tf.div(tf.sum(tf.mul(ce, weight!)), total),
    repetition,
    rm: tf.div(mean(heads.map((head) => head.loss)), tf.mul(total, N)),
  };
}

/** What is added to products of states and table. */
interface Shifts {
  readonly repetition: Repetition | undefined;
  /** To the targets alone, [B, T]. */
  readonly less: tf.Tensor | undefined;
}

/** -log softmax of the targets among all items, [B, T]: states [B, T, S], table [items, S], target int32 [B, T]. */
function crossEntropy(states: tf.Tensor, table: tf.Tensor, target: tf.Tensor, { repetition, less }: Shifts): tf.Tensor {
  const [B, T, S] = states.shape as [number, number, number];
  const [queries, ids] = [tf.reshape(states, [B * T, S]), tf.reshape(target, [B * T])];
  const each = tf.reshape(softmaxCrossEntropy(queries, table, tf.expandDims(ids, 1), tf.ones([B * T, 1])), [B, T]);
  if (!repetition) return each;
  const plain = tf.reshape(rowDot(queries, embedding(table, ids)), [B, T]);
  const normaliser = normaliserAfter(repetition, slotLogits(repetition, states, table), tf.add(each, plain));
  const own = tf.add(plain, repetition.of(target));
  return less ? lossAfter(tf.sub(own, normaliser), less) : tf.sub(normaliser, own);
}

/** -log softmax once `shift` is added to the target's logit alone. @param logP its log softmax before */
function lossAfter(logP: tf.Tensor, shift: tf.Tensor): tf.Tensor {
  const shifted = tf.add(logP, shift);
  return tf.sub(tf.log(tf.maximum(tf.add(tf.sub(tf.exp(shifted), tf.exp(logP)), 1), tf.scalar(1e-6))), shifted);
}

/**
 * -log softmax of the target among itself and items drawn uniformly for the whole step, the drawn ones weighing
 * items / draws each: an estimate of the loss over all items (Bengio & Senecal 2008). A drawn item that is the target
 * counts once.
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
