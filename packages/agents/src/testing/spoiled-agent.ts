import * as tf from '@tensorflow/tfjs-core';
import type { AgentFactory, AgentOptions } from '../define.ts';
import type { Agent, LossResult } from '../types.ts';

/** An agent that violates a property, and the message of the error. */
export type SpoiledAgent = [property: RegExp, what: string, factory: AgentFactory, message: RegExp, settings?: object];

/** An agent that is sound but for some of its members. */
export function spoiledAgent(good: AgentFactory, change: (agent: Agent) => Partial<Agent>): AgentFactory {
  const make = (options: AgentOptions) => {
    const agent = good(options);
    return { ...agent, ...change(agent) };
  };
  return Object.assign(make, { type: good.type, schema: good.schema });
}

/** A loss that is sound but for what is done to its result. */
export const loss =
  (change: (result: LossResult, input: Parameters<Agent['loss']>[0]) => Partial<LossResult>) => (agent: Agent) => ({
    loss(input: Parameters<Agent['loss']>[0]): LossResult {
      const result = agent.loss(input);
      return { ...result, ...change(result, input) };
    },
  });

export const times = (x: tf.Tensor, factor: number | tf.Tensor) => tf.mul(x, factor) as tf.Scalar;
/** Training with sampled items, with draws that leave some out. */
export const sampled = { options: { loss: 'sampled-softmax', sampledItems: 8 } };
