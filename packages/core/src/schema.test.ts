import * as v from 'valibot';
import { expect, test } from 'vitest';
import {
  abortSignal,
  counts,
  custom,
  defaultsOf,
  entriesOf,
  finite,
  flag,
  LeaError,
  type OptionsSchema,
  oneOf,
  option,
  parseOptions,
  positive,
  reference,
  seed,
  whole,
  wholeOrInfinity,
} from './index.ts';

interface Options {
  readonly layers: number;
  readonly rate: number;
  readonly lr: number;
  readonly epochs: number | undefined;
  readonly patience: number;
  readonly loss: 'softmax' | 'gbce';
  readonly counts: boolean;
  readonly seed: number;
  readonly table: Float32Array | null;
}

const schema: OptionsSchema<Options> = {
  layers: option(whole(1, 4096), 2),
  rate: option(finite(0, 1), 0.3),
  lr: option(positive, 0.001),
  epochs: option(whole(1), undefined),
  patience: option(wholeOrInfinity(1), Infinity),
  loss: option(oneOf('softmax', 'gbce'), 'softmax'),
  counts: option(flag, true),
  seed: option(seed, 0),
  table: option(reference<Float32Array | null>(), null),
};
const defaults = {
  layers: 2,
  rate: 0.3,
  lr: 0.001,
  epochs: undefined,
  patience: Infinity,
  loss: 'softmax',
  counts: true,
  seed: 0,
  table: null,
};

test('options stand over their defaults; undefined takes the default, and arrays are passed on by reference', () => {
  expect(parseOptions('f', schema, undefined)).toEqual(defaults);
  expect(defaultsOf(schema)).toEqual(defaults);
  const table = Float32Array.of(1, 2);
  const parsed = parseOptions('f', schema, { layers: 3, rate: undefined, table });
  expect(parsed).toEqual({ ...defaults, layers: 3, table });
  expect(parsed.table).toBe(table);
});

test('an unknown option is refused with the nearest name, also __proto__ from JSON', () => {
  const parse = (json: string) => () => parseOptions('f', schema, JSON.parse(json));
  expect(parse('{ "layer": 1 }')).toThrow(
    new LeaError('E_OPTION_UNKNOWN', 'f has no option with this name.', {
      value: 'layer',
      hint: 'Did you mean "layers"?',
    }),
  );
  expect(parse('{ "__proto__": 1 }')).toThrow(/no option with this name/);
  expect(parse('{ "toString": 1 }')).toThrow(/no option with this name/);
});

test.each([
  [{ layers: 0 }, 'f: layers must be a whole number from 1 to 4096. Got 0.'],
  [{ layers: 1.5 }, 'f: layers must be a whole number from 1 to 4096. Got 1.5.'],
  [{ layers: '2' }, 'f: layers must be a whole number from 1 to 4096. Got "2".'],
  [{ rate: Number.NaN }, 'f: rate must be a number from 0 to 1. Got NaN.'],
  [{ lr: Infinity }, 'f: lr must be a finite number of at least 0. Got Infinity.'],
  [{ lr: 0 }, 'f: lr must be above 0. Got 0.'],
  [{ epochs: Infinity }, 'f: epochs must be a whole number of at least 1. Got Infinity.'],
  [{ epochs: null }, 'f: epochs must be a whole number of at least 1. Got null.'],
  [{ patience: 0.5 }, 'f: patience must be a whole number of at least 1, or Infinity. Got 0.5.'],
  [{ loss: 'softmx' }, 'f: invalid value for loss. Got "softmx". Did you mean "softmax"?'],
  [{ loss: 7 }, 'f: invalid value for loss. Got 7. Use one of: "softmax", "gbce".'],
  [{ counts: 1 }, 'f: invalid value for counts. Got 1. Use one of: true, false.'],
  [{ seed: 0.3 }, 'f: seed must be a whole number below 2^53. Got 0.3. For example, use 1.'],
])('%j is refused', (given, message) => {
  const parse = () => parseOptions('f', schema, given as never);
  expect(parse).toThrow(message);
  expect(parse).toThrow(expect.objectContaining({ code: 'E_OPTION_VALUE' }));
});

test.each([null, 'x', [], 3])('options that are %j are refused', (given) => {
  const refused = {
    code: 'E_OPTION_VALUE',
    message: expect.stringMatching(/^f: options must be an object\. Got .*layers, rate/),
  };
  expect(() => parseOptions('f', schema, given as never)).toThrow(expect.objectContaining(refused));
});

const references = {
  table: option(reference<unknown>(), undefined),
  signal: option(abortSignal, undefined),
  tied: option(oneOf(false, true, 'bias'), false),
  heights: option(counts, [2, 3]),
  odd: option(
    custom<number>((given) => Number(given) % 2 === 1, 'must be odd.', 'Add 1.'),
    1,
  ),
};
test.each([
  [{ table: Promise.resolve(1) }, 'f: table must be a value, not the promise of one. Got a promise. Await it first.'],
  [{ signal: 3 }, 'f: signal must be an AbortSignal. Got 3. Pass the signal of new AbortController().'],
  [{ signal: null }, 'f: signal must be an AbortSignal. Got null. Pass the signal of new AbortController().'],
  [{ tied: 'bais' }, 'f: invalid value for tied. Got "bais". Did you mean "bias"?'],
  [{ tied: 1 }, 'f: invalid value for tied. Got 1. Use one of: false, true, "bias".'],
  [{ heights: [] }, 'f: heights must be a list of whole numbers of at least 1. Got [].'],
  [{ heights: [2, 0] }, 'f: heights must be a list of whole numbers of at least 1. Got [2,0].'],
  [{ heights: 2 }, 'f: heights must be a list of whole numbers of at least 1. Got 2.'],
  [{ odd: 2 }, 'f: odd must be odd. Got 2. Add 1.'],
])('%o is refused', (given, message) => {
  const parse = () => parseOptions('f', references, given as never);
  expect(parse).toThrow(expect.objectContaining({ code: 'E_OPTION_VALUE', message }));
});

test('references, signals, lists and mixed choices pass as they are', () => {
  const given = { table: null, signal: AbortSignal.abort(), tied: 'bias' as const, heights: [1], odd: 3 };
  const parsed = parseOptions('f', references as never, given);
  expect(parsed).toEqual(given);
  expect(parsed.heights).toBe(given.heights);
});

test('entries of a larger schema are checked as options are and have no default', () => {
  const config = v.strictObject(entriesOf(schema, ['layers', 'loss']));
  expect(v.parse(config, {})).toEqual({});
  expect(v.parse(config, { layers: 3 })).toEqual({ layers: 3 });
  expect(() => v.parse(config, { layers: 0 })).toThrow('must be a whole number from 1 to 4096.');
  expect(v.is(config, { seed: 1 })).toBe(false);
});
