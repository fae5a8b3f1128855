import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectClose, numbers } from '../fixtures/parity.ts';
import {
  adam,
  compile,
  float32,
  int32,
  type PairRunner,
  type PairSpecs,
  type Program,
  pick,
  prefixed,
  preparePair,
  type Runner,
  softmaxCrossEntropy,
  specsOf,
  type Value,
  type Values,
  valueAndGrad,
} from '../index.ts';

describe.each([undefined, 'cpu'])('backend %s', (backend) => {
  test('each step trains the network whose turn it is and reads the other one', async () => {
    const program: Program = ({ state, inputs, frozen }) => ({
      state: { w: tf.add(state.w!, tf.mul(inputs.x!, frozen.other!)) },
      outputs: { read: frozen.other!, scaled: tf.mul(frozen.scale!, inputs.x!) },
    });
    const scalar = { dtype: 'float32', shape: [] } as const;
    const specs = { state: { w: scalar }, inputs: { x: scalar }, frozen: { scale: scalar }, partner: { other: 'w' } };
    const pair = await preparePair(program, specs, { backend });
    const { states, outputs } = await pair.run({
      states: [{ w: float32([1], []) }, { w: float32([10], []) }],
      turns: [1, 0, 0, 1],
      inputs: { x: float32([1, 2, 3, 4]) },
      frozen: { scale: float32([100], []) },
    });
    // 10 + 1 * 1 = 11; 1 + 2 * 11 = 23; 23 + 3 * 11 = 56; 11 + 4 * 56 = 235
    expect(states.map(({ w }) => w!.data[0])).toEqual([56, 235]);
    expect([...outputs.read!.data]).toEqual([1, 11, 11, 56]);
    expect([...outputs.scaled!.data]).toEqual([100, 200, 300, 400]);
    await pair.dispose();
  });

  test('feeds and partners that do not fit are refused', async () => {
    const program: Program = ({ state, frozen }) => ({ state: { w: tf.add(state.w!, frozen.other!) }, outputs: {} });
    const w = { dtype: 'float32', shape: [] } as const;
    const make = (specs: Partial<PairSpecs>) =>
      preparePair(program, { state: { w }, inputs: { x: w }, partner: { other: 'w' }, ...specs }, { backend });
    await expect(make({ partner: { other: 'v' } })).rejects.toMatchObject({ code: 'E_PROGRAM', value: 'v' });
    await expect(make({ frozen: { other: w } })).rejects.toMatchObject({ code: 'E_PROGRAM', value: 'other' });
    const pair = await make({});
    const one = { w: float32([1], []) };
    const run = (turns: number[], states: [Values, Values] = [one, one]) =>
      pair.run({ states, turns, inputs: { x: float32(turns.map(() => 0)) } });
    await expect(run([])).rejects.toMatchObject({ code: 'E_FEED' });
    await expect(run([0, 2])).rejects.toMatchObject({ code: 'E_FEED', value: { step: 1, turn: 2 } });
    await expect(run([0], [one, {}])).rejects.toThrow('state of network 1: "w"');
    await pair.dispose();
  });
});

const [ITEMS, BATCH, WIDTH] = [12, 3, 4];
const optimizer = adam({ lr: 0.05 });

/** Learns from the other network's scores. Its loss reads both tables in nested graphs as well. */
const training: Program = ({ state, inputs, frozen }) => {
  const params = pick('params/', state);
  const { loss, grads } = valueAndGrad(({ items }) => {
    const h = tf.gather(items!, inputs.item as tf.Tensor1D);
    const actions = tf.expandDims(inputs.action!, 1);
    const own = softmaxCrossEntropy(h, items!, actions, tf.ones([BATCH, 1]));
    const others = softmaxCrossEntropy(h, frozen['target/items']!, actions, tf.ones([BATCH, 1]));
    return { loss: tf.mean(tf.add(own, others)), aux: {} };
  }, params);
  const next = optimizer.update(grads, pick('slots/', state), params);
  return { state: { ...prefixed('params/', next.params), ...prefixed('slots/', next.slots) }, outputs: { loss } };
};

function network(name: string): Values {
  const params = { items: numbers(name, [ITEMS, WIDTH]) };
  return { ...prefixed('params/', params), ...prefixed('slots/', optimizer.init(params)) };
}

const networks = [network('one'), network('two')] as const;
const inputs = {
  item: { dtype: 'int32', shape: [BATCH] },
  action: { dtype: 'int32', shape: [BATCH] },
} as const;
const state = specsOf(networks[0]);
const partner = { 'target/items': 'params/items' };
const table = (count: number, factor: number): Value =>
  int32(
    Array.from({ length: count * BATCH }, (_, i) => (i * factor) % ITEMS),
    [count, BATCH],
  );

describe('a training program', () => {
  let pair: PairRunner;
  let single: Runner;

  beforeAll(async () => {
    pair = await preparePair(training, { state, inputs, partner });
    const frozen = { 'target/items': state['params/items']! };
    single = await compile(training, { state, inputs, frozen }, { mode: 'direct' });
  });
  afterAll(async () => {
    await pair.dispose();
    await single.dispose();
  });

  /** The steps one by one. */
  async function stepByStep(turns: readonly number[], fed: Values): Promise<{ states: Values[]; losses: number[] }> {
    const states: Values[] = [...networks];
    const losses: number[] = [];
    for (const [step, turn] of turns.entries()) {
      const result = await single.run({
        state: states[turn]!,
        inputs: Object.fromEntries(
          Object.entries(fed).map(([name, { data }]) => [
            name,
            int32((data as Int32Array).slice(step * BATCH, (step + 1) * BATCH)),
          ]),
        ),
        frozen: { 'target/items': states[1 - turn]!['params/items']! },
      });
      states[turn] = result.state;
      losses.push(result.outputs.loss!.data[0]!);
    }
    return { states, losses };
  }

  test('any turns give the bits of single steps', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(0, 1), { minLength: 1, maxLength: 9 }), async (turns) => {
        const fed = { item: table(turns.length, 7), action: table(turns.length, 5) };
        const { states, outputs } = await pair.run({ states: networks, turns, inputs: fed });
        const expected = await stepByStep(turns, fed);
        expect(states).toEqual(expected.states);
        expect([...outputs.loss!.data]).toEqual(expected.losses);
      }),
      { numRuns: 20 },
    );
  });

  test('compiled equals eager', async () => {
    const feed = { states: networks, turns: [0, 1, 1, 0], inputs: { item: table(4, 7), action: table(4, 5) } };
    const compiled = await pair.run(feed);
    const eager = await (await preparePair(training, { state, inputs, partner }, { backend: 'cpu' })).run(feed);
    for (const network of [0, 1] as const) expectClose(compiled.states[network], eager.states[network], 1e-4);
    expectClose(compiled.outputs, eager.outputs, 1e-4);
  });

  test('the memory of both networks is estimated, and a disposed pair refuses to run', async () => {
    const other = await preparePair(training, { state, inputs, partner });
    expect(other.info.memoryBytes).toBeGreaterThan(single.info.memoryBytes!);
    await other.dispose();
    await expect(
      other.run({ states: networks, turns: [0], inputs: { item: table(1, 7), action: table(1, 5) } }),
    ).rejects.toMatchObject({ code: 'E_DISPOSED' });
  });
});
