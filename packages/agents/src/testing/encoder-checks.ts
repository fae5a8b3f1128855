import { LeaError } from '@lea/core';
import {
  compile,
  interpret,
  type Program,
  pick,
  prefixed,
  specsOf,
  type Tensors,
  type Values,
  valueAndGrad,
} from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { encodePrefixes } from '../encoders/prefixes.ts';
import { createEncoder } from '../registry.ts';
import { checkRegistered, checkSpelling } from './config-checks.ts';
import { historyValues } from './decisions.ts';
import { type EncoderContext, encode, exactly, mixed, passes, weighedStates } from './encoder-context.ts';
import { distance, tensors, tidied, valuesOf } from './tensors.ts';
import { checkCompiled, checkFinite, checkGradients, checkShape } from './value-checks.ts';
import { violation } from './violation.ts';

/** Rounding errors of float32 sums in a different order. */
const rounding = 1e-5;

/** States and item table have the expected shapes and are finite. */
export function shapes(context: EncoderContext): void {
  const { encoder, shape, supervised } = context;
  const { outputSize } = encoder;
  const { last, all, table } = encode(context, historyValues(mixed, shape));
  checkShape('encode', last, [mixed.length, outputSize], 'Return one state of outputSize columns per history.');
  const positions = [mixed.length, shape.window, outputSize];
  checkShape(
    'encodeAll',
    all,
    positions,
    'Return one state per history and event, or omit encodeAll to use the default.',
  );
  const width = encoder.tied ? outputSize : table.shape[1]!;
  checkShape(
    'itemTable',
    table,
    [shape.items, width],
    'Return no row for padding. If tied, it must be as wide as a state.',
  );
  checkFinite('init', supervised.init(1));
  checkFinite('a pass', { encode: last, encodeAll: all, itemTable: table });
}

/** The last state of encodeAll equals the state of encode. */
export function lastOfAll(context: EncoderContext): void {
  const { shape, encoder } = context;
  const histories = historyValues(mixed, shape);
  const { last, all } = encode(context, histories);
  for (const [row, length] of [...histories.length!.data].entries()) {
    const from = (row * shape.window + length - 1) * encoder.outputSize;
    const own = last.data.subarray(row * encoder.outputSize, (row + 1) * encoder.outputSize);
    const off = distance(own, all.data.subarray(from, from + encoder.outputSize));
    if (off < rounding) continue;
    throw violation(
      `encodeAll at position length - 1 differs from encode (for a history of length ${length}).`,
      'Read position length - 1, not the last position, or omit encodeAll to derive it from encode.',
      off,
    );
  }
}

/** The content of padding does not change states. */
export function padding(context: EncoderContext): void {
  const { shape, encoder } = context;
  const pad = shape.items;
  const fill = (history: number[], by: (position: number) => number) =>
    Array.from({ length: shape.window }, (_, position) => history[position] ?? by(position));
  const histories = [[2, 7], [pad]];
  const lengths = [2, 1];
  const clean = encode(context, exactly(histories.map((history) => fill(history, () => pad)), lengths)); // biome-ignore format: one line
  const dirty = encode(context, exactly(histories.map((history) => fill(history, (position) => (3 * position) % pad)), lengths)); // biome-ignore format: its pair
  for (const [row, length] of lengths.entries()) {
    const of = ({ last, all }: typeof clean) => [
      ...last.data.subarray(row * encoder.outputSize, (row + 1) * encoder.outputSize),
      ...all.data.subarray(row * shape.window * encoder.outputSize, (row * shape.window + length) * encoder.outputSize),
    ];
    const off = distance(of(clean), of(dirty));
    if (off < rounding) continue;
    throw violation(
      `Positions beyond the length of ${row ? 'an empty' : 'a'} history change its state.`,
      'Mask positions from `length` on, for example with validPositions of @lea/agents.',
      off,
    );
  }
}

/**
 * The state after an event does not depend on later events. An `encodeAll` that encodes every prefix, as the default one does,
 * has nothing of its own to check: there `encode` reads beyond the length, which `padding` reports.
 */
export function future(context: EncoderContext): void {
  const { shape, encoder } = context;
  const full = Array.from({ length: shape.window }, (_, position) => position % shape.items);
  const kept = Math.ceil(shape.window / 2);
  const other = full.map((item, position) => (position < kept ? item : (item + 5) % shape.items));
  const histories = exactly([full, other], [shape.window, shape.window]);
  const { all } = encode(context, histories);
  const size = shape.window * encoder.outputSize;
  const seen = kept * encoder.outputSize;
  const off = distance(all.data.subarray(0, seen), all.data.subarray(size, size + seen));
  if (off < rounding) return;
  const byPrefix = { ...encoder, encodeAll: encodePrefixes.bind(undefined, encoder.encode) };
  const { all: derived } = encode({ ...context, encoder: byPrefix }, histories);
  if (distance(all.data, derived.data) < rounding) return;
  throw violation(
    'In encodeAll, states depend on later events.',
    'Each position may depend only on itself and earlier positions. Mask the others, or omit encodeAll.',
    off,
  );
}

/** An empty history and a history of padding ids have finite states. */
export function empty(context: EncoderContext): void {
  const { last, all } = encode(context, historyValues([[], []], context.shape));
  checkFinite('an empty history', { encode: last, encodeAll: all });
}

/** The state of a history depends neither on other rows nor on its position in the batch. */
export function rows(context: EncoderContext): void {
  const { shape, encoder } = context;
  const { last } = encode(context, historyValues(mixed, shape));
  const order = [3, 0, 4, 2, 1];
  const permuted = encode(context, historyValues(order.map((row) => mixed[row]!), shape)).last; // biome-ignore format: one line
  const changed = encode(context, historyValues(mixed.with(1, [6, 6, 6]), shape)).last;
  const of = (data: ArrayLike<number>, row: number) =>
    Array.from({ length: encoder.outputSize }, (_, i) => data[row * encoder.outputSize + i]!);
  for (const [place, row] of order.entries()) {
    const moved = distance(of(last.data, row), of(permuted.data, place));
    if (moved >= rounding) {
      const hint = 'Reduce over the window (axis 1), never over the batch (axis 0).';
      throw violation('Permuting the batch changes states.', hint, moved);
    }
    const touched = distance(of(last.data, row), of(changed.data, row));
    if (row !== 1 && touched >= rounding) {
      const hint = 'Reduce over the window (axis 1), never over the batch (axis 0).';
      throw violation('The state of a row depends on other rows.', hint, touched);
    }
  }
}

/** A history wider than the window is read, or refused with `E_WINDOW`. */
export function wide(context: EncoderContext): void {
  const { window, items } = context.shape;
  const row = Array.from({ length: window + 3 }, (_, position) => position % items);
  const hint = 'Encode it, or throw LeaError("E_WINDOW", ...) with the window in its hint.';
  try {
    const { last, all } = encode(context, exactly([row], [window + 3]));
    checkShape('encode of a wider history', last, [1, context.encoder.outputSize], hint);
    checkFinite('a history wider than the window', { encode: last, encodeAll: all });
  } catch (error) {
    if (error instanceof LeaError && (error.code === 'E_WINDOW' || error.code === 'E_CONFORMANCE')) {
      if (error.code === 'E_WINDOW') return;
      throw error;
    }
    throw violation('A history wider than the window causes an unexpected error.', hint, (error as Error).message);
  }
}

/** Every parameter gets a gradient, except those in `still`. */
export function gradients(context: EncoderContext): void {
  const { shape, params, supervised, settings } = context;
  const grads = tidied(() => {
    const frozen = tensors(supervised.frozen);
    const histories = tensors(historyValues(mixed, shape));
    const loss = (own: Tensors) => ({ loss: weighedStates(context, own, histories, frozen) });
    return valuesOf(valueAndGrad(loss, tensors(params)).grads);
  });
  checkGradients(params, [grads], settings.still);
}

/** Dropout in training depends on key and label. */
export function dropout(context: EncoderContext): void {
  const histories = historyValues(mixed, context.shape);
  const [evaluated, one] = [encode(context, histories), encode(context, histories, 1)];
  const others = { seed: encode(context, histories, 2), label: encode(context, histories, 1, 'other') };
  for (const pass of ['last', 'all'] as const) {
    if (distance(one[pass].data, evaluated[pass].data) === 0) continue;
    for (const [what, other] of Object.entries(others)) {
      if (distance(one[pass].data, other[pass].data) > 0) continue;
      throw violation(
        `A training pass with a different ${what} has the same mask (${pass === 'last' ? 'encode' : 'encodeAll'}).`,
        'Draw with dropout(x, rate, mode.key, mode.label) of @lea/tensor.',
      );
    }
  }
}

/** The encoder can be restored from its JSON. */
export function roundTrip(context: EncoderContext): void {
  const { encoder, shape } = context;
  const again = checkRegistered('encoder', encoder.config, createEncoder);
  const histories = historyValues(mixed, shape);
  const off = distance(
    encode(context, histories).last.data,
    encode({ ...context, encoder: again }, histories).last.data,
  );
  if (off > 0)
    throw violation(
      'The encoder restored from its JSON returns different states.',
      'Build it only from the options.',
      off,
    );
}

/** A misspelled option is refused, and the error suggests the nearest name. */
export function options({ factory }: EncoderContext): void {
  checkSpelling(factory, {});
}

/** States are the same in compiled and interpreted programs, in training as well. */
export async function compiled(context: EncoderContext): Promise<void> {
  const program: Program = ({ inputs, frozen }) => {
    const { text } = frozen;
    const mode = { label: 'test', ...(text && { text }) };
    const params = pick('params/', frozen);
    const evaluated = passes(context, params, inputs, { ...mode, train: false });
    const trained = passes(context, params, inputs, { ...mode, train: true, key: inputs.key! });
    return { state: {}, outputs: { ...prefixed('evaluated/', evaluated), ...prefixed('trained/', trained) } };
  };
  const inputs: Values = {
    ...historyValues(mixed, context.shape),
    key: { dtype: 'int32', shape: [2], data: Int32Array.of(3, 4) },
  };
  const frozen = { ...prefixed('params/', context.params), ...context.supervised.frozen };
  const specs = { inputs: specsOf(inputs), frozen: specsOf(frozen) };
  const eager = await (await interpret(program, specs, { mode: 'direct' })).run({ inputs, frozen });
  const runner = await compile(program, specs, { threads: 1, mode: 'direct' });
  try {
    checkCompiled('a pass', (await runner.run({ inputs, frozen })).outputs, eager.outputs);
  } finally {
    await runner.dispose();
  }
}

/** A pass leaves no tensors behind. */
export function leaks(context: EncoderContext): void {
  const run = () => encode(context, historyValues(mixed, context.shape), 1);
  run();
  const before = tf.memory().numTensors;
  run();
  const left = tf.memory().numTensors - before;
  if (left > 0) throw violation('A pass leaves tensors behind.', 'Do not use tf.keep or create variables.', left);
}
