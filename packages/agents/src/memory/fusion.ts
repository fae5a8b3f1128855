import { checkChoices, checkRanges, type Given, LeaError, withDefaults } from '@lea/core';
import { float32, pick, type Tensors } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { checkAgents, checkMemories } from '../arguments.ts';
import { newestEvents } from '../encoders/window.ts';
import type { Agent, Histories } from '../types.ts';
import { type Memory, memoryLogits } from './memory.ts';
import { placesOf, seenItems } from './probabilities.ts';
import { formOf, type MemoryConfig } from './state.ts';

/** How the scores of a memory (probabilities p) and of a network (logits f) are combined. */
export interface Fusion {
  /**
   * - `after`: ln p + weight * ln softmax(f / temperature) + repeat * [in the window], for a network trained without the memory;
   * - `mixture`: ln((1 - weight) p + weight * softmax(f / temperature)) + repeat * [in the window], likewise;
   * - `joint`: f + scale * ln p + repeat * [in the window], where `scale` and `repeat` are learned together with the network.
   *
   * Default: `after`.
   */
  readonly form: 'after' | 'mixture' | 'joint';
  /** Weight of the network; 0 uses the memory only. At most 1 for `mixture`; not used by `joint`. Default: 0.3. */
  readonly weight: number;
  /** Divides the network's scores before the softmax: 1 for logits; for Q values, use their typical spread. Default: 1. */
  readonly temperature: number;
  /**
   * Added for items in the window; negative if users rarely repeat items. Not used by `joint`. Default: fitted by the
   * memory.
   */
  readonly repeat: number;
}

/** @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE` */
export function checkedFusion(given: Given<Fusion> | undefined, { repeat }: MemoryConfig): Fusion {
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
 * Combines an agent with a memory: `score` returns fused scores and needs the memory's tables (`memoryTables`) among the frozen
 * tensors. With `joint` the loss changes as well: the network has the additional parameters `memory.scale` and `memory.repeat`,
 * and batches need `memory` float32 [B, N], the probabilities p of each row without its own user (`leaveOwnUserOut`), by the
 * events of the batch (`narrowMemory`).
 *
 * @param networkWindow number of newest events that the agent reads, where histories are wider for the memory; default: all.
 *   `joint` does not use it: it reads histories as wide as those it learned from.
 * @throws LeaError `E_MEMORY_JOINT` when the agent's loss does not support a memory, `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`
 */
export function withMemory(
  agent: Agent,
  memory: Memory,
  given?: Given<Fusion>,
  networkWindow: number = Number.POSITIVE_INFINITY,
): Agent {
  checkAgents('withMemory', { agent });
  checkMemories('withMemory', { memory });
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
      const scores = agent.score(params, newestEvents(histories, networkWindow), frozen);
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
    throw new LeaError('E_MEMORY_JOINT', `Joint training with a memory does not support ${what}.`, {
      value: agent.name,
      hint: `${hint} Or fuse the memory after training with form "after".`,
    });
  };
  if (agent.rankingHead === 'q') refuse('an agent that ranks by Q', 'Set rankingHead to "supervised".');
  if (agent.everyPosition) refuse('a loss at every position', 'Set everyPosition of the encoder to false.');
  if (agent.sampling) refuse('a sampled loss', 'Set loss to "softmax".');
  if (agent.readsOtherProbabilities) refuse('a filter of next actions', 'Set bcqThreshold to 0.');
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
