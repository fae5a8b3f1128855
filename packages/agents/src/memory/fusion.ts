import { checkChoices, checkRanges, LeaError, withDefaults } from '@lea/core';
import { float32, pick, type Tensors } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs';
import type { Agent, Histories } from '../types.ts';
import { memoryLogits } from './memory.ts';
import { type MixtureForm, placesOf, seenItems } from './probabilities.ts';
import type { MemoryConfig } from './state.ts';

/** How a memory and a network make one score. */
export interface Fusion {
  /**
   * - `after` (default): ln p + weight * ln softmax(f / temperature), of a network that was trained by itself;
   * - `mixture`: ln((1 - weight) p + weight * softmax(f / temperature)), of a network that was trained by itself;
   * - `joint`: f + scale * ln p, with `scale` and the weight of repeats learned with the network, which saw ln p in training.
   */
  readonly form: 'after' | 'mixture' | 'joint';
  /** Of the network; 0 leaves the memory alone. `mixture`: at most 1. Not read by `joint`. Default 0.3. */
  readonly weight: number;
  /** Its scores are divided by this before the softmax: 1 (default) for logits; for Q values their usual spread. */
  readonly temperature: number;
}

const defaults: Fusion = { form: 'after', weight: 0.3, temperature: 1 };

/** @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE` */
export function checkedFusion(given: Partial<Fusion> = {}): Fusion {
  const fusion = withDefaults('fusion', defaults, given);
  checkChoices('fusion', fusion, { form: ['after', 'mixture', 'joint'] });
  const most = fusion.form === 'mixture' ? 1 : Number.MAX_VALUE;
  checkRanges('fusion', fusion, { weight: [0, most], temperature: [Number.MIN_VALUE, Number.MAX_VALUE] });
  return fusion;
}

/**
 * The agent with a memory: its scores are fused ones, which need the memory's tables among the frozen tensors (`memory/...`).
 * With `joint` it also learns otherwise: the parameters `memory.scale` and `memory.repeat` join the network, and batches bring
 * `memory` float32 [B, N], p of the row with its own user taken out.
 *
 * @throws LeaError `E_MEMORY_JOINT` when the agent's loss cannot take a memory
 */
export function withMemory(agent: Agent, form: MixtureForm, { repeat, window }: MemoryConfig, fusion: Fusion): Agent {
  const read = (histories: Histories, frozen: Tensors) =>
    memoryLogits(pick('memory/', frozen), form, placesOf(histories, window, form.items));
  if (fusion.form === 'joint') return joint(agent, read, form.items, window, repeat);
  return {
    ...agent,
    score(params, histories, frozen = {}) {
      const { logProbabilities, seen } = read(histories, frozen);
      const ranked = tf.add(logProbabilities, tf.mul(seen, tf.scalar(repeat))) as tf.Tensor2D;
      const scores = agent.score(params, histories, frozen);
      const network = tf.logSoftmax(fusion.temperature === 1 ? scores : tf.div(scores, tf.scalar(fusion.temperature)));
      if (fusion.form === 'after') return tf.add(ranked, tf.mul(network, tf.scalar(fusion.weight))) as tf.Tensor2D;
      const parts = tf.add(
        tf.mul(tf.softmax(ranked), tf.scalar(1 - fusion.weight)),
        tf.mul(tf.exp(network), tf.scalar(fusion.weight)),
      );
      return tf.log(tf.maximum(parts, tf.scalar(1e-30))) as tf.Tensor2D;
    },
  };
}

type Read = (histories: Histories, frozen: Tensors) => ReturnType<typeof memoryLogits>;

function joint(agent: Agent, read: Read, items: number, window: number, repeat: number): Agent {
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
    inputs: (batchSize, width, targets) => ({
      ...agent.inputs(batchSize, width, targets),
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
