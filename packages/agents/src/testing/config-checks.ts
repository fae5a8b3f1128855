import { isDeepStrictEqual } from 'node:util';
import { LeaError } from '@lea/core';
import { violation } from './violation.ts';

/** The thing made again from its JSON, which must be plain, complete and of a registered type. */
export function checkRegistered<C extends { readonly type: string }, T extends { readonly config: C }>(
  kind: 'agent' | 'encoder',
  config: C,
  create: (config: C) => T,
): T {
  const define = kind === 'agent' ? 'defineAgent' : 'defineEncoder';
  const json = JSON.parse(JSON.stringify(config)) as C;
  if (!isDeepStrictEqual(json, config)) {
    throw violation('The config does not survive JSON.', 'Options are plain: no functions, no Infinity, no undefined.');
  }
  let again: T;
  try {
    again = create(json);
  } catch (cause) {
    if (!(cause instanceof LeaError) || cause.code !== 'E_TYPE_UNKNOWN') throw cause;
    throw violation(`No ${kind} of type "${config.type}" is registered.`, `Make its factory with ${define}.`);
  }
  if (isDeepStrictEqual(again.config, config)) return again;
  throw violation(
    `The ${kind} made from the JSON has another JSON.`,
    `Make its factory with ${define}, under a name that nobody else has.`,
    again.config,
  );
}

/**
 * A misspelt option must be refused with the nearest name.
 *
 * @param needed what the factory asks for
 */
export function checkSpelling<N extends object>(
  factory: { (options: N): unknown; readonly defaults: object },
  needed: N,
): void {
  const names = Object.keys(factory.defaults).sort((a, b) => b.length - a.length);
  const name = names[0] ?? 'size';
  const misspelt = `${name}${name.at(-1)}`;
  const hint =
    'Give every option a default, and make the factory with defineAgent or defineEncoder, which checks names.';
  try {
    factory({ ...needed, [misspelt]: 1 });
  } catch (error) {
    if (error instanceof LeaError && error.code === 'E_OPTION_UNKNOWN') {
      if (names.length === 0 || error.message.includes(`"${name}"`)) return;
    }
    throw violation('A misspelt option is refused without naming the right one.', hint, (error as Error).message);
  }
  throw violation('A misspelt option is not refused.', hint, misspelt);
}
