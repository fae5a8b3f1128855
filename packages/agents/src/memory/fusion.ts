import { checkChoices, checkRanges, LeaError, withDefaults } from '@lea/core';
import { float32, pick, type Tensors } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import type { Agent, Histories } from '../types.ts';
import { type Memory, memoryLogits } from './memory.ts';
import { placesOf, seenItems } from './probabilities.ts';
import { formOf, type MemoryConfig } from './state.ts';

/** How a memory and a network make one score. */
export interface Fusion {
  /**
   * - `after` (default): ln p + weight * ln softmax(f / temperature) + repeat * [in the window], of a network that was trained
   *   by itself;
   * - `mixture`: ln((1 - weight) p + weight * softmax(f / temperature)) + repeat * [in the window], likewise;
   * - `joint`: f + scale * ln p + repeat * [in the window], with `scale` and `repeat` learned with the network, which saw them
   *   in training.
   */
  readonly form: 'after' | 'mixture' | 'joint';
  /** Of the network; 0 leaves the memory alone. `mixture`: at most 1. Not read by `joint`. Default 0.3. */
  readonly weight: number;
  /** Its scores are divided by this before the softmax: 1 (default) for logits; for Q values their usual spread. */
  readonly temperature: number;
  /** Added for items in the window: below 0 where people do not come back to them. Not read by `joint`. Default the memory's own. */
  readonly repeat: number;
}

/** @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE` */
export function checkedFusion(given: Partial<Fusion> | undefined, { repeat }: MemoryConfig): Fusion {
  const fusion = withDefaults<Fusion>('fusion', { form: 'after', weight: 0.3, temperature: 1, repeat }, given);
  checkChoices('fusion', fusion, { form: ['after', 'mixture', 'joint'] });
  const most = fusion.form === 'mixture' ? 1 : Number.MAX_VALUE;
  checkRanges('fusion', fusion, {
    weight: [0, most],
    temperature: [Number.MIN_VALUE, Number.MAX_VALUE],
    repeat: [-Number.MAX_VALUE, Number.MAX_VALUE],
  });
  return fusion;
}

/**
 * The agent with a memory: its scores are fused ones, which need the memory's tables (`memoryTables`) among the frozen tensors.
 * With `joint` it also learns otherwise: the parameters `memory.scale` and `memory.repeat` join the network, and batches bring
 * `memory` float32 [B, N], p of the row with its own user taken out (`leaveOwnUserOut`).
 *
 * @throws LeaError `E_MEMORY_JOINT` when the agent's loss cannot take a memory, `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`
 */
export function withMemory(agent: Agent, memory: Memory, given?: Partial<Fusion>): Agent {
  const { form: fused, weight, temperature, repeat } = checkedFusion(given, memory.config);
  const { items, window } = memory.config;
  const form = formOf(memory.config, memory.state);
  const read: Read = (histories, frozen) =>
    memoryLogits(pick('memory/', frozen), form, placesOf(histories, window, items));
  if (fused === 'joint') return joint(agent, read, memory.config);
  return {
    ...agent,
    score(params, histories, frozen = {}) {
      const { logProbabilities, seen } = read(histories, frozen);
      const scores = agent.score(params, histories, frozen);
      const network = tf.logSoftmax(temperature === 1 ? scores : tf.div(scores, tf.scalar(temperature)));
      const both =
        fused === 'after'
          ? tf.add(logProbabilities, tf.mul(network, tf.scalar(weight)))
          : tf.log(
              tf.add(
                tf.mul(tf.exp(logProbabilities), tf.scalar(1 - weight)),
                tf.mul(tf.maximum(tf.exp(network), tf.scalar(1e-30)), tf.scalar(weight)),
              ),
            );
      return tf.add(both, tf.mul(seen, tf.scalar(repeat))) as tf.Tensor2D;
    },
  };
}

type Read = (histories: Histories, frozen: Tensors) => ReturnType<typeof memoryLogits>;

function joint(agent: Agent, read: Read, { items, window, repeat }: MemoryConfig): Agent {
  const refuse = (what: string, hint: string): never => {
    throw new LeaError('E_MEMORY_JOINT', `A memory cannot be joined in training with ${what}.`, {
      value: agent.name,
      hint: `${hint} Or fuse it after training: form "after".`,
    });
  };
  if (agent.rankingHead === 'q') refuse('an agent that ranks by Q', 'Set rankingHead to "supervised".');
  if (agent.everyPosition) refuse('a loss at every position', 'Set everyPosition of the encoder to false.');
  if (agent.sampling) refuse('a sampled loss', 'Set loss to "softmax".');
  return {
    ...agent,
    init: (key, shape, text) => ({
      ...agent.init(key, shape, text),
      'memory.scale': float32([1], []),
      'memory.repeat': float32([repeat], []),
    }),
    inputs: (batchSize, width, targets, signals) => ({
      ...agent.inputs(batchSize, width, targets, signals),
      memory: { dtype: 'float32', shape: [batchSize, items] },
    }),
    loss(input) {
      const { memory, ...batch } = input.batch;
      const seen = seenItems(placesOf({ items: batch.items!, length: batch.length! }, window, items), items);
      const logProbabilities = tf.log(memory!) as tf.Tensor2D;
      return agent.loss({
        ...input,
        batch: { ...batch, offsets: offsetsOf(input.params, { logProbabilities, seen }) },
      });
    },
    score: (params, histories, frozen = {}) =>
      tf.add(agent.score(params, histories, frozen), offsetsOf(params, read(histories, frozen))) as tf.Tensor2D,
  };
}

function offsetsOf(params: Tensors, { logProbabilities, seen }: ReturnType<typeof memoryLogits>): tf.Tensor {
  return tf.add(tf.mul(logProbabilities, params['memory.scale']!), tf.mul(seen, params['memory.repeat']!));
}
