/** Helpers of this package's tests. */
import { key } from '@lea/core';
import {
  adam,
  compile,
  float32,
  int32,
  keyTensorValue,
  type Program,
  pick,
  prefixed,
  specsOf,
  type Tensors,
  toTensor,
  type Values,
  valueAndGrad,
} from '@lea/tensor';
import type * as tf from '@tensorflow/tfjs';
import type { Agent, Shape } from './types.ts';

export function tensors(values: Values): Tensors {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, toTensor(value)]));
}

export const keyTensor = (seed = 0): tf.Tensor => toTensor(keyTensorValue(key(seed)));

/** A decision: the items before it, and what was chosen. */
export interface Decision {
  readonly history: readonly number[];
  readonly action: number;
  readonly reward?: number;
  readonly done?: boolean;
}

/** What the trainer would feed for these decisions. */
export function batchValues(decisions: readonly Decision[], { items, window }: Shape): Values {
  const padded = (history: readonly number[]) => {
    const kept = history.slice(-window);
    return [...kept, ...Array<number>(window - kept.length).fill(items)];
  };
  const size = decisions.length;
  const next = decisions.map(({ history, action }) => [...history, action]);
  const lengths = (all: readonly (readonly number[])[]) =>
    int32(all.map((history) => Math.min(Math.max(history.length, 1), window)));
  const before = decisions.map(({ history }) => history);
  return {
    items: int32(before.flatMap(padded), [size, window]),
    length: lengths(before),
    action: int32(decisions.map(({ action }) => action)),
    reward: float32(decisions.map(({ reward = 0.2 }) => reward)),
    done: float32(decisions.map(({ done = false }) => Number(done))),
    nextItems: int32(next.flatMap(padded), [size, window]),
    nextLength: lengths(next),
  };
}

/** Trains on `steps` equal-sized batches; two networks change roles after every step, a moving average follows. Gives the first network. */
export async function fitTiny(
  agent: Agent,
  shape: Shape,
  steps: readonly (readonly Decision[])[],
  options: { lr?: number; phase?: string; seed?: number } = {},
): Promise<Values> {
  const { lr = 0.01, phase = agent.phases[0]!.name, seed = 0 } = options;
  const optimizer = adam({ lr });
  const names = Object.keys(agent.inputs(1, shape.window));
  const batches = steps.map((decisions) => {
    const all = batchValues(decisions, shape);
    return Object.fromEntries(names.map((name) => [name, all[name]!]));
  });
  const program: Program = ({ state, inputs: { key: stepKey, ...batch }, frozen }) => {
    const params = pick('params/', state);
    const f = (p: Tensors) => agent.loss({ params: p, target: frozen, batch, key: stepKey!, phase, frozen: {} });
    const { loss, grads } = valueAndGrad(f, params);
    const next = optimizer.update(grads, pick('slots/', state), params);
    return { state: { ...prefixed('params/', next.params), ...prefixed('slots/', next.slots) }, outputs: { loss } };
  };
  // The second network learns as well, follows as the moving average, or (no target) is not read.
  const networks: Values[] = [0, 1].map((i) => {
    const params = agent.init(key(agent.target === 'polyak' ? seed : seed + i), shape);
    return { ...prefixed('params/', params), ...prefixed('slots/', optimizer.init(params)) };
  });
  const keyed = (batch: Values, step: number) => ({ ...batch, key: keyTensorValue(key(step)) });
  const specs = {
    state: specsOf(networks[0]!),
    inputs: specsOf(keyed(batches[0]!, 0)),
    frozen: specsOf(pick('params/', networks[1]!)),
  };
  const runner = await compile(program, specs, { threads: 1 });
  for (const [step, batch] of batches.entries()) {
    const learning = agent.networks === 2 ? step % 2 : 0;
    const inputs = Object.fromEntries(
      Object.entries(keyed(batch, step)).map(([name, v]) => [name, { ...v, shape: [1, ...v.shape] }]),
    );
    const frozen = pick('params/', networks[1 - learning]!);
    networks[learning] = (await runner.run({ state: networks[learning]!, inputs, frozen })).state;
    if (agent.target === 'polyak') follow(networks[1]!, networks[0]!, agent.tau);
  }
  await runner.dispose();
  return pick('params/', networks[0]!);
}

function follow(average: Values, network: Values, tau: number): void {
  for (const [name, { data }] of Object.entries(average)) {
    for (let i = 0; i < data.length; i++) data[i]! += tau * (network[name]!.data[i]! - data[i]!);
  }
}
