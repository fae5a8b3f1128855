/** Behavior of tfjs and ONNX Runtime that this package works around; each test says what would go wrong. */
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import {
  attention,
  compile,
  dropout,
  float32,
  gelu,
  int32,
  logSigmoid,
  type Program,
  scatterAddRows,
  softmaxCrossEntropy,
  specsOf,
  type Value,
  type Values,
  valueAndGrad,
} from './index.ts';
import { setRows } from './ops/set-rows.ts';
import { RECORDER } from './recorder/backend.ts';

async function outputs(program: Program, inputs: Values, threads = 1): Promise<Values> {
  const runner = await compile(program, { inputs: specsOf(inputs) }, { mode: 'direct', threads });
  const result = await runner.run({ inputs });
  await runner.dispose();
  return result.outputs;
}

const of =
  (y: (inputs: Record<string, tf.Tensor>) => tf.Tensor): Program =>
  ({ inputs }) => ({ state: {}, outputs: { y: y(inputs) } });

describe('tfjs', () => {
  test('gradients are registered (tfjs-core alone registers none)', () => {
    expect(
      tf
        .grad((x) => tf.sum(tf.tanh(x)))(tf.scalar(0))
        .dataSync()[0],
    ).toBe(1);
  });

  test('gatherND has no gradient, gather does', () => {
    const x = tf.ones([2, 2]);
    expect(() => tf.grad((x) => tf.sum(tf.gatherND(x, tf.tensor2d([[0, 1]], [1, 2], 'int32'))))(x)).toThrow();
    expect([
      ...tf
        .grad((x) => tf.sum(tf.gather(x, tf.tensor1d([1], 'int32'))))(x)
        .dataSync(),
    ]).toEqual([0, 0, 1, 1]);
  });

  test('gradients of maximum and squaredDifference do not broadcast: use equal shapes', () => {
    for (const op of [tf.maximum, tf.minimum, tf.squaredDifference]) {
      expect(() => tf.grad((b) => tf.sum(op(tf.ones([2, 3]), b)))(tf.zeros([2, 1]))).toThrow(/shape/);
    }
  });

  test('far out gradients become denormal numbers, which slow products down many times: gelu gives zeros', async () => {
    const x = float32([-20, -13.5, -13, -9, 0, 1, Number.NaN]);
    const dy = float32([1, 1, 1e-9, 1, 1e-33, 1, 1]);
    const slope = (a: tf.Tensor, b: tf.Tensor): tf.Tensor => tf.grad((x: tf.Tensor) => tf.sum(tf.mul(gelu(x), b)))(a);
    const compiled = await outputs(
      of(({ x, dy }) => slope(x!, dy!)),
      { x, dy },
    );
    for (const found of [compiled.y!.data, slope(tf.tensor1d([...x.data]), tf.tensor1d([...dy.data])).dataSync()]) {
      expect([...found.slice(0, 3), found[4]].map((v) => Math.abs(v!))).toEqual([0, 0, 0, 0]);
      expect(found[3]! / (-9 * Math.exp(-40.5) * 0.3989422804)).toBeCloseTo(1, 4);
      expect(found[5]).toBeCloseTo(1.0833155, 5);
      expect(found[6]).toBeNaN();
    }
  });

  test('its dropout repeats one mask; ours changes with the key and repeats with it', () => {
    const x = tf.ones([100]);
    const mask = (a: number) => [...dropout(x, 0.5, tf.tensor1d([a, 1], 'int32'), 'here').dataSync()];
    expect([...tf.dropout(x, 0.5, undefined, 7).dataSync()]).toEqual([...tf.dropout(x, 0.5, undefined, 7).dataSync()]);
    expect(mask(1)).not.toEqual(mask(2));
    expect(mask(1)).toEqual(mask(1));
  });

  test('tensorScatterUpdate of the cpu backend overwrites its argument; setRows does not', async () => {
    await tf.setBackend('cpu');
    const base = tf.zeros([2, 1]);
    expect([...setRows(base, tf.tensor1d([1], 'int32'), tf.ones([1, 1])).dataSync()]).toEqual([0, 1]);
    expect([...base.dataSync()]).toEqual([0, 0]);
    tf.tensorScatterUpdate(base, tf.tensor2d([[1]], [1, 1], 'int32'), tf.ones([1, 1]));
    expect([...base.dataSync()]).toEqual([0, 1]);
  });

  test('tensors disposed of by tidy while recording stay known to the graph', async () => {
    const program = of(({ x }) => {
      const inner = tf.tidy(() => tf.add(tf.mul(x!, 2), 1));
      const kept = tf.mul(inner, 3);
      inner.dispose();
      return kept;
    });
    expect([...(await outputs(program, { x: float32([1]) })).y!.data]).toEqual([9]);
  });

  test('the recorder is never chosen by default and holds nothing between compilations', async () => {
    const { numTensors } = tf.memory();
    await outputs(
      of(({ x }) => tf.add(x!, 1)),
      { x: float32([1]) },
    );
    expect(tf.getBackend()).not.toBe(RECORDER);
    expect(tf.engine().registry[RECORDER]!.numDataIds()).toBe(0);
    expect(tf.memory().numTensors).toBe(numTensors);
  });
});

describe('ONNX Runtime', () => {
  test('its sigmoid(-20) may be 0: log sigmoid stays finite and has a gradient', async () => {
    const program: Program = ({ inputs }) => {
      const { grads, aux } = valueAndGrad(({ x }) => {
        const y = logSigmoid(x!);
        return { loss: tf.sum(y), aux: { y } };
      }, inputs);
      return { state: {}, outputs: { y: aux.y!, dx: grads.x! } };
    };
    const { y, dx } = await outputs(program, { x: float32([-200, -20, 0, 20]) });
    expect(y!.data[0]).toBe(-200);
    expect(y!.data[1]).toBeCloseTo(-20, 4);
    expect([...dx!.data].map((d) => Math.round(d * 100) / 100)).toEqual([1, 1, 0.5, 0]);
  });

  test('softmax of a row of -Infinity is NaN, of -1e9 it is not', async () => {
    const rows = await outputs(
      of(({ x }) => tf.softmax(x!)),
      { x: float32([-1e9, -1e9, Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY], [2, 2]) },
    );
    expect([...rows.y!.data]).toEqual([0.5, 0.5, Number.NaN, Number.NaN]);
  });

  test('a probability that underflows gives a finite, exact loss', async () => {
    const inputs = { h: float32([300], [1, 1]), w: float32([-1, 1, 0], [3, 1]), ids: int32([0], [1, 1]) };
    const program = of(({ h, w, ids }) => softmaxCrossEntropy(h!, w!, ids!, tf.ones([1, 1])));
    expect([...(await outputs(program, inputs)).y!.data]).toEqual([600]);
  });

  test('hidden places of attention: softmax would make denormal numbers of them, which take many times as long', async () => {
    const mask = tf.tensor([0, 0, -1e9], [1, 1, 1, 3]);
    const seen = (k: Value, v: Value, q = float32([1, 2], [1, 1, 1, 2])) =>
      outputs(
        of(({ q, k, v }) => attention(q!, k!, v!, mask, 1)),
        { q, k, v },
      );
    const k = (last: number) => float32([1, 0, 0, 1, last, last], [1, 1, 3, 2]);
    const v = (...of: number[]) => float32(of, [1, 1, 3, 1]);
    const [weight] = (await seen(k(5), v(0, 0, 1))).y!.data as Float32Array;
    expect(weight).toBeGreaterThan(2 ** -126); // the smallest that is no denormal
    expect(weight).toBeLessThan(1e-20);
    const plain = await outputs(
      of(({ x }) => tf.softmax(x!)),
      { x: float32([1, 2, -1e9]) },
    );
    expect(plain.y!.data[2]).toBeLessThan(2 ** -126);
    // Beside visible places they are lost, whatever they hold; NaN is not.
    expect((await seen(k(5), v(1, 2, 1e6))).y).toEqual((await seen(k(-5), v(1, 2, -3))).y);
    expect((await seen(k(5), v(1, 2, 3), float32([Number.NaN, 1], [1, 1, 1, 2]))).y!.data[0]).toBeNaN();
  });

  test('a NaN anywhere reaches the loss, though ReduceMax may drop it', async () => {
    const program = of(({ h, w, ids }) => softmaxCrossEntropy(h!, w!, ids!, tf.ones([1, 1])));
    const ids = int32([0], [1, 1]);
    const w = Array.from({ length: 40 }, (_, i) => Math.sin(i));
    for (const at of [0, 1, 17, 39]) {
      const broken = float32(
        w.map((value, i) => (i === at ? Number.NaN : value)),
        [40, 1],
      );
      expect((await outputs(program, { h: float32([1], [1, 1]), w: broken, ids })).y!.data[0]).toBeNaN();
    }
    const h = float32([Number.NaN], [1, 1]);
    expect((await outputs(program, { h, w: float32(w, [40, 1]), ids })).y!.data[0]).toBeNaN();
  });

  test('int32 overflow wraps; indices may be int32 in tfjs though ONNX wants int64', async () => {
    const wrapped = await outputs(
      of(({ a }) => tf.mul(a!, a!)),
      { a: int32([65536, 65537]) },
    );
    expect([...wrapped.y!.data]).toEqual([0, 131073]);
    const added = await outputs(
      of(({ i, r }) => scatterAddRows(i!, r!, 2)),
      { i: int32([1, 1]), r: float32([1, 2], [2, 1]) },
    );
    expect([...added.y!.data]).toEqual([0, 3]);
  });

  test('a label or id beyond the table fails the run', async () => {
    const inputs = { x: float32([1, 2], [2, 1]), i: int32([5]) };
    await expect(
      outputs(
        of(({ x, i }) => tf.gather(x!, i!)),
        inputs,
      ),
    ).rejects.toThrow();
  });

  test.each([
    [50, 64],
    [900_000, 4],
  ])('large ScatterND additions race between threads; ours lose nothing: to %i rows of %i', async (count, width) => {
    const rows = 25_600;
    const ids = int32(Array.from({ length: rows }, (_, i) => (i * 7919) % 50));
    const x = float32(
      Array.from({ length: rows * width }, (_, i) => (i * 31) % 5),
      [rows, width],
    );
    const wanted = new Float32Array(count * width);
    x.data.forEach((value, i) => {
      wanted[ids.data[Math.floor(i / width)]! * width + (i % width)]! += value;
    });
    const runner = await compile(
      of(({ ids, x }) => scatterAddRows(ids!, x!, count)),
      { inputs: specsOf({ ids, x }) },
      { mode: 'direct', threads: 2 },
    );
    for (let i = 0; i < 5; i++) expect((await runner.run({ inputs: { ids, x } })).outputs.y!.data).toEqual(wanted);
    await runner.dispose();
  });

  test('repeated runs give equal bits at a fixed number of threads', async () => {
    const x = float32(
      Array.from({ length: 200 * 300 }, (_, i) => Math.sin(i)),
      [200, 300],
    );
    const runner = await compile(
      of(({ x }) => tf.matMul(tf.softmax(tf.matMul(x!, x!, false, true)), x!)),
      { inputs: specsOf({ x }) },
      { mode: 'direct', threads: 2 },
    );
    const first = (await runner.run({ inputs: { x } })).outputs.y!.data;
    for (let i = 0; i < 5; i++) expect((await runner.run({ inputs: { x } })).outputs.y!.data).toEqual(first);
    await runner.dispose();
  });
});
