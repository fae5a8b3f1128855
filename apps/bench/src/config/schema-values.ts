import * as v from 'valibot';
import { distinct } from './strict.ts';

/** JSON has no Infinity, but 1e400 is parsed as Infinity. */
export const number = v.pipe(v.number(), v.finite('expected a finite number, at most 1.8e308.'));
export const seed = v.pipe(
  v.number(),
  v.safeInteger('expected a whole number below 2^53 as the seed.'),
  // Turns -0 into 0.
  v.transform((given) => given + 0),
);
/** The largest count: indices are int32. */
const most = 2 ** 31 - 1;
export const count = v.pipe(number, v.integer(), v.minValue(1), v.maxValue(most));
export const positive = v.pipe(number, v.gtValue(0));
export const notNegative = v.pipe(number, v.minValue(0));
export const flag = v.boolean();
/** Names become folder names with a hash and a seed; file systems allow 255 bytes. */
const longest = v.maxLength<string, 100, string>(100, 'expected a name of at most 100 characters.');
export const name = v.pipe(v.string(), v.nonEmpty(), longest);
/** A path or a template. */
export const text = v.pipe(v.string(), v.nonEmpty());
export const names = v.union([name, v.pipe(v.array(name), v.minLength(1), distinct('name'))]);
/** `{ type, ...options }` of a factory in the libraries, which checks the options itself. */
export const factory = v.looseObject({ type: name });

/** Editors show the text for a key of a config; `scripts/config-schema.mjs` takes others from the interfaces of the options. */
export function described<S extends v.GenericSchema>(
  schema: S,
  meaning: string,
): v.SchemaWithPipe<readonly [S, v.DescriptionAction<v.InferOutput<S>, string>]> {
  return v.pipe(schema, v.description(meaning));
}
