import { dropout, embedding, withGradient } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, describe, expect, test } from 'vitest';
import { type EncoderFactory, encoderFactory } from '../define.ts';
import { gru4rec } from '../encoders/gru4rec.ts';
import type { Encoder, Histories, Mode } from '../types.ts';
import { encoderContext } from './encoder-context.ts';
import { agentChecks, encoderChecks } from './kits.ts';
import { checkOf, scaled, violationOf } from './spoiled.ts';

const kept: tf.Tensor[] = [];
afterAll(() => tf.dispose(kept));
let calls = 0;

/** An encoder that is sound but for some of its members. */
function spoiledEncoder(change: (encoder: Encoder) => Partial<Encoder>): EncoderFactory {
  const make = (options: object = {}) => {
    const encoder = gru4rec({ width: 8, ...options });
    return { ...encoder, ...change(encoder) };
  };
  return Object.assign(make, { type: 'gru4rec', schema: gru4rec.schema });
}

/** Encoders whose passes give what is done to the sound states. */
const states = (f: (states: tf.Tensor, histories: Histories) => tf.Tensor) =>
  spoiledEncoder((good) => ({
    encode: (params, histories, mode) => f(good.encode(params, histories, mode), histories) as tf.Tensor2D,
    encodeAll: (params, histories, mode) => f(good.encodeAll(params, histories, mode), histories) as tf.Tensor3D,
  }));

/** Encoders whose training passes are masked. */
const masked = (f: (states: tf.Tensor, mode: Mode) => tf.Tensor) =>
  spoiledEncoder((good) => ({
    encode(params, histories, mode) {
      const state = good.encode(params, histories, mode);
      return mode.train ? (f(state, mode) as tf.Tensor2D) : state;
    },
  }));

/** The number of real events [B, 1]. */
const events = ({ items }: Histories) =>
  tf.sum(tf.cast(tf.notEqual(items, tf.scalar(12, 'int32')), 'float32'), 1, true);

const encoders: [property: RegExp, what: string, EncoderFactory, message: RegExp][] = [
  [/right shapes/, 'another size', spoiledEncoder(() => ({ outputSize: 9 })), /encode must have the shape \[5, 9\]/],
  [
    /right shapes/,
    'a table with padding',
    spoiledEncoder(() => ({ itemTable: (params) => params['emb.weight'] as tf.Tensor2D })),
    /itemTable must have the shape/,
  ],
  [
    /right shapes/,
    'a tied table too narrow',
    spoiledEncoder((good) => ({
      tied: true,
      itemTable: (params) => tf.slice(good.itemTable(params), [0, 0], [12, 7]),
    })),
    /itemTable must have the shape \[12, 8\]/,
  ],
  [
    /with a memory/,
    'chance that is not keyed',
    states((x) => tf.add(x, tf.randomUniform([1]))),
    /loss returns different numbers/,
  ],
  [
    /last state of encodeAll/,
    'all states in reverse',
    spoiledEncoder((good) => ({ encodeAll: (...args) => tf.reverse(good.encodeAll(...args), 1) })),
    /encodeAll at position length - 1 differs/,
  ],
  [
    /padding does not/,
    'padding that counts',
    states((x, { items }) => tf.mul(x, tf.sum(tf.cast(items, 'float32')))),
    /beyond the length/,
  ],
  [
    /later events/,
    'one state for all positions',
    spoiledEncoder((good) => ({
      encodeAll: (params, histories, mode) =>
        tf.tile(tf.expandDims(good.encode(params, histories, mode), 1), [
          1,
          histories.items.shape[1]!,
          1,
        ]) as tf.Tensor3D,
    })),
    /states depend on later events/,
  ],
  [
    /empty history/,
    'a mean over no events',
    states((x, at) => tf.div(x, x.rank === 2 ? events(at) : tf.expandDims(events(at), 1))),
    /an empty history: encode is not finite/,
  ],
  [
    /rows of a batch are independent/,
    'states about the mean of the batch',
    states((x) => tf.sub(x, tf.mean(x, 0, true))),
    /depends on other rows|Permuting/,
  ],
  [
    /rows of a batch are independent/,
    'states by their place',
    states((x) =>
      tf.mul(
        x,
        tf.reshape(
          tf.range(1, x.shape[0]! + 1),
          x.shape.map((_, i) => (i ? 1 : -1)),
        ),
      ),
    ),
    /Permuting the batch/,
  ],
  [
    /wider than the window/,
    'a width taken for granted',
    states((x, { items }) => tf.mul(x, tf.mean(tf.cast(tf.reshape(items, [-1, 4]), 'float32')))),
    /unexpected error/,
  ],
  [
    /every parameter learns/,
    'a parameter for nothing',
    spoiledEncoder((good) => ({
      init: (...args) => ({
        ...good.init(...args),
        'enc.spare': { dtype: 'float32', shape: [1], data: Float32Array.of(1) },
      }),
    })),
    /"enc\.spare" gets no gradient/,
  ],
  [
    /finite differences/,
    'a gradient by hand that is half too large',
    states((x) =>
      withGradient([x], () => ({
        value: x.clone(),
        saved: [],
        gradients: (dy) => [() => tf.mul(dy, 1.5)],
      })),
    ),
    /The gradient of "[\w.]+" differs from finite differences: /,
  ],
  [/results repeat/, 'noise in evaluation', states((x) => tf.mul(x, Math.random())), /Two evaluations/],
  [
    /results repeat/,
    'dropout without a key',
    spoiledEncoder((good) => ({
      encode: (params, histories, mode) => tf.mul(good.encode(params, histories, mode), mode.train ? Math.random() : 1),
    })),
    /Two training passes/,
  ],
  [
    /dropout draws/,
    'one mask for all keys',
    masked((x) => dropout(x, 0.2, tf.tensor1d([1, 2], 'int32'), 'mine')),
    /different seed has the same mask \(encode\)/,
  ],
  [
    /dropout draws/,
    'one mask for all labels',
    masked((x, { key }) => dropout(x, 0.2, key!, 'mine')),
    /different label has the same mask \(encode\)/,
  ],
  [
    /itemTables/,
    'a table that is not listed',
    spoiledEncoder(() => ({ itemTables: [] })),
    /"emb\.weight" has one row per item, but itemTables does not list it/,
  ],
  [
    /misspelled/,
    'options that are not looked at',
    Object.assign(() => gru4rec(), { type: 'gru4rec', schema: gru4rec.schema }),
    /not refused/,
  ],
  [
    /restored from its JSON/,
    'a type nobody registered',
    spoiledEncoder(({ config }) => ({ config: { ...config, type: 'mine' } })),
    /encoder type "mine" is not registered/,
  ],
  [/restored from its JSON/, 'a choice that is no option', states((x) => tf.mul(x, 2)), /returns different states/],
  [/saved policy/, 'a choice that is no option', states((x) => tf.mul(x, 2)), /different scores after saving/],
  [
    /exported to ONNX/,
    'states that need a second history',
    states((x) => tf.add(x, tf.mul(tf.gather(x, tf.tensor1d([1], 'int32')), x.shape[0]! > 1 ? 0 : Number.NaN))),
    /only one|cannot be scored/,
  ],
  [/compiled equals/, 'module state in a pass', states((x) => tf.mul(x, 1 + calls++)), /differs between compiled/],
  [
    /left behind/,
    'a tensor that is kept',
    states((x) => {
      kept.push(tf.keep(x.clone()));
      return x;
    }),
    /leaves tensors behind/,
  ],
  [
    /same seed/,
    'weights of no seed',
    spoiledEncoder((good) => ({ init: (...args) => scaled(good.init(...args), Math.random()) })),
    /same seed end with different/,
  ],
  [/learns a Markov/, 'states that forget', states((x) => tf.mul(x, 0)), /too few held-out actions/],
];

describe('a spoiled encoder is found out', () => {
  test.each(encoders)('%s: %s', async (property, _, factory, message) => {
    const context = encoderContext(factory);
    const error = await violationOf(() => checkOf(encoderChecks, property)(context));
    await context.dispose();
    expect(error.message).toMatch(message);
    expect(error).toMatchObject({ code: 'E_CONFORMANCE', hint: expect.stringMatching(/\.$/) });
  });

  test('what encode reads beyond the length is told of padding, not of an encodeAll that is derived from it', async () => {
    const meanOfAll: EncoderFactory = encoderFactory({
      type: 'mean-of-all',
      schema: {},
      build: () => ({
        outputSize: 8,
        init: gru4rec({ width: 8 }).init,
        encode: (params, { items }) => tf.mean(embedding(params['emb.weight']!, items), 1) as tf.Tensor2D,
      }),
    });
    const context = encoderContext(meanOfAll);
    const error = await violationOf(() => checkOf(encoderChecks, /padding does not/)(context));
    expect(error.message).toMatch(/beyond the length/);
    expect(() => checkOf(encoderChecks, /later events/)(context)).not.toThrow();
    await context.dispose();
  });

  test('chance is looked for first', () => {
    for (const checks of [agentChecks, encoderChecks])
      expect(Object.keys(checks).findIndex((name) => /results repeat/.test(name))).toBeLessThan(2);
  });

  test('every property has been broken, but for guessing: that is the agent that scores', () => {
    const broken = (name: string) => encoders.some(([property]) => property.test(name));
    expect(Object.keys(encoderChecks).filter((name) => !broken(name))).toEqual([
      'it guesses if there is nothing to learn',
    ]);
  });
});
