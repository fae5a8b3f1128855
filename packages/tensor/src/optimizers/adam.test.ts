import { LeaError } from '@lea/core';
import { expect, test } from 'vitest';
import { expectClose, numbers } from '../fixtures/parity.ts';
import {
  adam,
  compile,
  float32,
  int32,
  interpret,
  type Program,
  pick,
  prefixed,
  specsOf,
  type Values,
} from '../index.ts';

/** PyTorch's Adam in float64. */
function reference(
  options: { lr: number; beta1: number; beta2: number; eps: number },
  start: number[],
  grads: number[][],
): number[] {
  const { lr, beta1, beta2, eps } = options;
  const p = [...start];
  const m = p.map(() => 0);
  const v = p.map(() => 0);
  grads.forEach((grad, step) => {
    grad.forEach((g, i) => {
      m[i] = beta1 * m[i]! + (1 - beta1) * g;
      v[i] = beta2 * v[i]! + (1 - beta2) * g * g;
      const mean = m[i]! / (1 - beta1 ** (step + 1));
      const square = v[i]! / (1 - beta2 ** (step + 1));
      p[i]! -= (lr * mean) / (Math.sqrt(square) + eps);
    });
  });
  return p;
}

function stepper(optimizer: ReturnType<typeof adam>, lazy: boolean): Program {
  return ({ state, inputs }) => {
    const touched = lazy ? { w: inputs.ids! } : undefined;
    const { params, slots } = optimizer.update({ w: inputs.grad! }, pick('adam/', state), pick('net/', state), touched);
    return { state: { ...prefixed('net/', params), ...prefixed('adam/', slots) }, outputs: {} };
  };
}

function initial(optimizer: ReturnType<typeof adam>, params: Values): Values {
  return { ...prefixed('net/', params), ...prefixed('adam/', optimizer.init(params)) };
}

test.each([
  ['defaults', {}],
  ['large steps and eps', { lr: 0.1, beta1: 0.5, beta2: 0.9, eps: 0.01 }],
  ['no momentum', { beta1: 0 }],
])('equals PyTorch: %s', async (_, options) => {
  const optimizer = adam(options);
  const w = numbers('w', [6]);
  const grad = numbers('grad', [30, 6]);
  const state = initial(optimizer, { w });
  const runner = await compile(
    stepper(optimizer, false),
    { state: specsOf(state), inputs: { grad: w } },
    { threads: 1 },
  );
  const after = await runner.run({ state, inputs: { grad } });
  const grads = Array.from({ length: 30 }, (_, step) => [...grad.data.subarray(step * 6, step * 6 + 6)]);
  const wanted = reference({ lr: 0.001, beta1: 0.9, beta2: 0.999, eps: 1e-8, ...options }, [...w.data], grads);
  expectClose({ w: after.state['net/w']! }, { w: float32(wanted) }, 1e-6);
  expect(after.state['adam/t']!.data[0]).toBe(30);
  await runner.dispose();
});

test('the lazy form updates touched rows as the dense form does, and no others', async () => {
  const optimizer = adam({ lr: 0.1 });
  const w = numbers('w', [5, 2]);
  const ids = int32([3, 1, 3, 1, 1, 1], [2, 3]);
  const grad = float32([...numbers('g', [5, 2]).data, ...numbers('h', [5, 2]).data], [2, 5, 2]);
  const state = initial(optimizer, { w });
  const specs = { state: specsOf(state), inputs: { grad: w, ids: int32([0, 0, 0]) } };
  for (const make of [compile, interpret]) {
    const lazy = await (await make(stepper(optimizer, true), specs)).run({ state, inputs: { grad, ids } });
    const dense = await (await make(stepper(optimizer, false), specs)).run({ state, inputs: { grad, ids } });
    for (const name of ['net/w', 'adam/m/w', 'adam/v/w']) {
      const [before, all, some] = [state[name]!.data, dense.state[name]!.data, lazy.state[name]!.data];
      const rows = (data: typeof some, row: number) => [...data.subarray(row * 2, row * 2 + 2)];
      for (const row of [0, 2, 4]) expect(rows(some, row)).toEqual(rows(before, row));
      // Row 1 is touched twice, row 3 in the first step only.
      expect(rows(some, 1)).toEqual(rows(all, 1));
      expect(rows(some, 3)).not.toEqual(rows(before, 3));
    }
  }
});

test('the learning rate rises in equal parts over the steps of the warm-up', async () => {
  // With a gradient of 1, every step of Adam has the length of the learning rate.
  const optimizer = adam({ lr: 0.1, warmup: 4 });
  const state = initial(optimizer, { w: float32([0]) });
  const runner = await interpret(stepper(optimizer, false), { state: specsOf(state), inputs: { grad: float32([0]) } });
  const lengths: number[] = [];
  let now = state;
  for (let step = 0; step < 6; step++) {
    const before = now['net/w']!.data[0]!;
    now = (await runner.run({ state: now, inputs: { grad: float32([1], [1, 1]) } })).state;
    lengths.push(before - now['net/w']!.data[0]!);
  }
  await runner.dispose();
  [0.025, 0.05, 0.075, 0.1, 0.1, 0.1].forEach((length, step) => {
    expect(lengths[step]).toBeCloseTo(length, 5);
  });
});

test('parameters without a gradient keep their values and slots', () => {
  const optimizer = adam();
  const slots = optimizer.init({ a: float32([1]), b: float32([2, 3]) });
  expect(Object.keys(slots).sort()).toEqual(['m/a', 'm/b', 't', 'v/a', 'v/b']);
  expect(slots['m/b']!.shape).toEqual([2]);
});

test('refuses options it does not know', () => {
  expect(() => adam({ learningRate: 1 } as never)).toThrow(LeaError);
});

test('refuses what is no number, before anything is compiled', async () => {
  const refused = expect.objectContaining({ code: 'E_OPTION_VALUE' });
  for (const bad of [Number.NaN, Infinity, -1, '0.1', null, true, 1n]) {
    for (const name of ['lr', 'warmup', 'beta1', 'beta2', 'eps'])
      expect(() => adam({ [name]: bad }), name).toThrow(refused);
    const program: Program = ({ inputs }) => ({ state: {}, outputs: { y: inputs.x! } });
    const specs = { inputs: { x: { dtype: 'float32', shape: [1] } } } as const;
    await expect(compile(program, specs, { threads: bad as number })).rejects.toEqual(refused);
    await expect(compile(program, specs, { mode: bad as never })).rejects.toEqual(refused);
    await expect(interpret(program, specs, { mode: bad as never })).rejects.toEqual(refused);
  }
  expect(() => adam({ beta1: 1 })).toThrow(refused);
});
