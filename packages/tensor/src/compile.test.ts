import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { expectClose, numbers } from './fixtures/parity.ts';
import {
  adam,
  compile,
  dropout,
  embedding,
  float32,
  int32,
  interpret,
  layerNorm,
  linear,
  type Program,
  pick,
  prefixed,
  type Runner,
  softmaxCrossEntropy,
  specsOf,
  type Values,
  valueAndGrad,
} from './index.ts';

const [ITEMS, BATCH, LENGTH, WIDTH, STEPS] = [12, 3, 4, 8, 6];
const optimizer = adam({ lr: 0.05 });
const params: Values = {
  items: numbers('items', [ITEMS, WIDTH]),
  gain: numbers('gain', [WIDTH], 0.5, 1.5),
  bias: numbers('bias', [WIDTH]),
  weight: numbers('weight', [WIDTH, WIDTH]),
};
const state: Values = { ...prefixed('net/', params), ...prefixed('adam/', optimizer.init(params)) };
const frozen = { scale: numbers('scale', [WIDTH]) };

/** A small recommender with everything that training needs: a frozen tensor, dropout, lazy rows, Adam. */
const training: Program = ({ state, inputs, frozen }) => {
  const net = pick('net/', state);
  const { loss, aux, grads } = valueAndGrad((p) => {
    const rows = tf.mul(dropout(embedding(p.items!, inputs.items!), 0.2, inputs.key!, 'rows'), frozen.scale!);
    const h = linear(layerNorm(tf.mean(rows, 1), p.gain!, p.bias!), p.weight!);
    const losses = softmaxCrossEntropy(h, p.items!, tf.expandDims(inputs.action!, 1), tf.ones([BATCH, 1]));
    return { loss: tf.mean(losses), aux: { losses } };
  }, net);
  const next = optimizer.update(grads, pick('adam/', state), net);
  return { state: { ...prefixed('net/', next.params), ...prefixed('adam/', next.slots) }, outputs: { loss, ...aux } };
};

const spread = (count: number, factor: number) => Array.from({ length: count }, (_, i) => (i * factor) % ITEMS);
const inputs: Values = {
  items: int32(spread(STEPS * BATCH * LENGTH, 7), [STEPS, BATCH, LENGTH]),
  action: int32(spread(STEPS * BATCH, 5), [STEPS, BATCH]),
  key: int32(spread(STEPS * 2, 11), [STEPS, 2]),
};
const specs = {
  state: specsOf(state),
  frozen: specsOf(frozen),
  inputs: {
    items: { dtype: 'int32', shape: [BATCH, LENGTH] },
    action: { dtype: 'int32', shape: [BATCH] },
    key: { dtype: 'int32', shape: [2] },
  },
} as const;

function part(from: number, to: number): Values {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, { dtype, shape, data }]) => {
      const row = data.length / STEPS;
      return [name, { dtype, shape: [to - from, ...shape.slice(1)], data: data.slice(from * row, to * row) }];
    }),
  );
}

describe('a training program', () => {
  test('compiled equals eager over several steps', async () => {
    const compiled = await (await compile(training, specs)).run({ state, frozen, inputs });
    const eager = await (await interpret(training, specs)).run({ state, frozen, inputs });
    expectClose(compiled.outputs, eager.outputs, 1e-4);
    expectClose(compiled.state, eager.state, 1e-4);
    expect(compiled.outputs.losses!.shape).toEqual([STEPS, BATCH]);
    expect(compiled.outputs.loss!.data.at(-1)).toBeLessThan(compiled.outputs.loss!.data[0]!);
  });

  test('one run of K steps equals K runs of one, bit for bit; so does a run cut in two', async () => {
    const runner = await compile(training, specs);
    const whole = await runner.run({ state, frozen, inputs });
    for (const cuts of [
      [0, 1, 2, 3, 4, 5, 6],
      [0, 2, 6],
    ]) {
      let now = state;
      const losses: number[] = [];
      for (let i = 1; i < cuts.length; i++) {
        const result = await runner.run({ state: now, frozen, inputs: part(cuts[i - 1]!, cuts[i]!) });
        now = result.state;
        losses.push(...result.outputs.loss!.data);
      }
      expect(now).toEqual(whole.state);
      expect(losses).toEqual([...whole.outputs.loss!.data]);
    }
    await runner.dispose();
  });

  test('direct mode equals a loop of one step', async () => {
    const loop = await (await compile(training, specs)).run({ state, frozen, inputs: part(0, 1) });
    const one = Object.fromEntries(
      Object.entries(part(0, 1)).map(([name, value]) => [name, { ...value, shape: value.shape.slice(1) }]),
    );
    for (const make of [compile, interpret]) {
      const direct = await (await make(training, specs, { mode: 'direct' })).run({ state, frozen, inputs: one });
      expectClose(direct.state, loop.state, 1e-4);
      expect(direct.outputs.losses!.shape).toEqual([BATCH]);
    }
  });

  test('constants are part of a program: the same results, and they are not fed', async () => {
    const { frozen: _, ...others } = specs;
    const within = { ...others, constants: frozen };
    const fed = await (await compile(training, specs)).run({ state, frozen, inputs });
    const kept = await (await compile(training, within)).run({ state, inputs });
    expectClose(kept.state, fed.state, 1e-6);
    const eager = await (await interpret(training, within)).run({ state, inputs });
    expectClose(eager.state, fed.state, 1e-4);
    const one = Object.fromEntries(
      Object.entries(part(0, 1)).map(([name, value]) => [name, { ...value, shape: value.shape.slice(1) }]),
    );
    const direct = await (await compile(training, within, { mode: 'direct' })).run({ state, inputs: one });
    expect(direct.outputs.loss!.data[0]).toBeCloseTo(fed.outputs.loss!.data[0]!, 5);
    for (const make of [compile, interpret]) {
      await expect((await make(training, within)).run({ state, frozen, inputs })).rejects.toThrow(
        /Unknown name in the frozen tensors/,
      );
      await expect(make(training, { ...specs, constants: frozen })).rejects.toThrow(
        /in both `frozen` and `constants`.*"scale"/,
      );
      const cut = { scale: { ...frozen.scale, data: frozen.scale!.data.subarray(1) } } as Values;
      await expect(make(training, { ...others, constants: cut })).rejects.toThrow(
        /"scale" in the constants does not fit/,
      );
    }
  });

  test('runs change neither their feed nor earlier results, and may overlap', async () => {
    const runner = await compile(training, specs);
    const before = structuredClone({ state, frozen, inputs });
    const first = await runner.run({ state, frozen, inputs });
    const copy = structuredClone(first);
    const others = await Promise.all([1, 2, 3].map((to) => runner.run({ state, frozen, inputs: part(0, to) })));
    const again = await runner.run({ state, frozen, inputs });
    expect({ state, frozen, inputs }).toEqual(before);
    expect(first).toEqual(copy);
    expect(again).toEqual(copy);
    expect(others.map(({ outputs }) => outputs.loss!.data[0])).toEqual(Array(3).fill(copy.outputs.loss!.data[0]));
    await runner.dispose();
  });

  test('leaves no log of usage data in the temporary folder', async () => {
    const runner = await compile(training, specs);
    await runner.run({ state, frozen, inputs });
    await runner.dispose();
    expect(readdirSync(tmpdir()).filter((name) => name.endsWith(`-${process.pid}.log`))).toEqual([]);
  });

  test('eager runs leave no tensors behind', async () => {
    const runner = await interpret(training, specs);
    const { numTensors } = tf.memory();
    await runner.run({ state, frozen, inputs });
    expect(tf.memory().numTensors).toBe(numTensors);
  });
});

describe('compile', () => {
  const plain = { inputs: { x: { dtype: 'float32', shape: [2] } } } as const;
  const feed = { inputs: { x: float32([1, 2], [1, 2]) } };
  const once = async (program: Program) => (await compile(program, plain)).run(feed);

  test('state that passes through, inputs given back, bools and constants', async () => {
    const flags = { dtype: 'bool', shape: [3], data: Uint8Array.of(1, 0, 1) } as const;
    const program: Program = ({ state, inputs }) => ({
      state: { flags: state.flags!, count: tf.add(state.count!, tf.scalar(1, 'int32')) },
      outputs: {
        x: inputs.x!,
        not: tf.logicalNot(state.flags!),
        one: tf.scalar(1),
        many: tf.ones([100]),
        none: tf.tensor1d([-0, 0]),
      },
    });
    const count = int32([41], []);
    for (const make of [compile, interpret]) {
      const runner = await make(program, { ...plain, state: { flags, count } });
      const { state, outputs } = await runner.run({ ...feed, state: { flags, count } });
      expect(state).toEqual({ flags, count: int32([42], []) });
      expect(outputs.x).toEqual(feed.inputs.x);
      expect(outputs.not!.data).toEqual(Uint8Array.of(0, 1, 0));
      expect(outputs.many).toEqual(float32(new Float32Array(100).fill(1), [1, 100]));
      expect([...outputs.none!.data]).toEqual([-0, 0]);
    }
  });

  test('tensors of another backend can be captured and still be used there', async () => {
    const captured = tf.tensor1d([10, 20]);
    const { outputs } = await once(({ inputs }) => ({ state: {}, outputs: { y: tf.mul(inputs.x!, captured) } }));
    expect([...outputs.y!.data]).toEqual([10, 40]);
    expect([...tf.add(captured, 1).dataSync()]).toEqual([11, 21]);
    const second = await once(({ inputs }) => ({ state: {}, outputs: { y: tf.sub(inputs.x!, captured) } }));
    expect([...second.outputs.y!.data]).toEqual([-9, -18]);
    captured.dispose();
  });

  test('a program without inputs runs for the steps it is told', async () => {
    const runner = await compile(({ state }) => ({ state: { n: tf.mul(state.n!, 2) }, outputs: {} }), {
      state: { n: float32([1], []) },
      inputs: {},
    });
    const { state } = await runner.run({ state: { n: float32([1], []) }, inputs: {}, steps: 5 });
    expect(state.n!.data[0]).toBe(32);
  });

  test('what gradients nobody asked for would cost is not in the program', async () => {
    const program: Program = ({ inputs }) => {
      const { loss } = valueAndGrad(({ x }) => ({ loss: tf.sum(tf.square(x!)) }), { x: inputs.x! });
      return { state: {}, outputs: { loss } };
    };
    const runner: Runner = await compile(program, plain);
    expect(runner.info).toMatchObject({ backend: 'onnxruntime', nodes: 2 });
  });

  test('the active backend is the same afterwards, also after an error', async () => {
    await tf.setBackend('cpu');
    await once(({ inputs }) => ({ state: {}, outputs: inputs }));
    expect(tf.getBackend()).toBe('cpu');
    const broken = () => {
      throw new Error('my own');
    };
    await expect(compile(broken, plain)).rejects.toThrow('my own');
    expect(tf.getBackend()).toBe('cpu');
    expect([...tf.add(tf.tensor1d([1, 2]), 1).dataSync()]).toEqual([2, 3]);
  });

  test('errors say what is wrong and what to do', async () => {
    const unsupported: Program = ({ inputs }) => ({ state: {}, outputs: { y: tf.atanh(inputs.x!) } });
    await expect(compile(unsupported, plain)).rejects.toMatchObject({ code: 'E_OP_UNSUPPORTED', value: 'Atanh' });
    await expect(compile(unsupported, plain)).rejects.toThrow(/Tanh.*Transpose/);
    const reading: Program = ({ inputs }) => ({ state: {}, outputs: { y: tf.scalar(inputs.x!.dataSync()[0]!) } });
    await expect(compile(reading, plain)).rejects.toMatchObject({ code: 'E_TRACED_READ' });
    const { random } = Math;
    const drawing: Program = ({ inputs }) => ({
      state: {},
      outputs: { y: tf.add(tf.randomNormal([2]), tf.sum(Object.values(inputs)[0]!)) },
    });
    await expect(compile(drawing, plain)).rejects.toMatchObject({ code: 'E_TRACED_RANDOM' });
    expect(Math.random).toBe(random);
    const growing: Program = ({ state }) => ({ state: { s: tf.concat([state.s!, state.s!]) }, outputs: {} });
    await expect(compile(growing, { state: { s: float32([1]) }, inputs: {} })).rejects.toThrow(
      /float32\[1\].*float32\[2\]/,
    );
  });

  test.each([
    ['a missing input', {}],
    ['an unknown input', { x: feed.inputs.x, y: float32([1], [1, 1]) }],
    ['a wrong shape', { x: float32([1, 2, 3], [1, 3]) }],
    ['no leading dimension', { x: float32([1, 2]) }],
    ['a wrong dtype', { x: int32([1, 2], [1, 2]) }],
    ['too little data', { x: { ...feed.inputs.x, data: Float32Array.of(1) } }],
    ['a wrong kind of array', { x: { ...feed.inputs.x, data: Int32Array.of(1, 2) } }],
  ])('refuses %s', async (_, given) => {
    const echo: Program = ({ inputs }) => ({ state: {}, outputs: inputs });
    for (const make of [compile, interpret]) {
      const runner = await make(echo, plain);
      await expect(runner.run({ inputs: given as Values })).rejects.toMatchObject({ code: 'E_FEED' });
    }
  });

  test('a runner that was disposed of says so', async () => {
    const runner = await compile(({ inputs }) => ({ state: {}, outputs: inputs }), plain);
    await runner.dispose();
    await runner.dispose();
    await expect(runner.run(feed)).rejects.toMatchObject({ code: 'E_DISPOSED' });
  });
});
