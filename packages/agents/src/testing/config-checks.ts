import { isDeepStrictEqual } from 'node:util';
import { LeaError } from '@lea/core';
import { violation } from './violation.ts';

/** Restores an agent or encoder from its JSON, which must be plain, complete and of a registered type. */
export function checkRegistered<C extends { readonly type: string }, T extends { readonly config: C }>(
  kind: 'agent' | 'encoder',
  config: C,
  create: (config: C) => T,
): T {
  const define = kind === 'agent' ? 'defineAgent' : 'defineEncoder';
  const json = JSON.parse(JSON.stringify(config)) as C;
  if (!isDeepStrictEqual(json, config)) {
    throw violation(
      'The config changes when converted to JSON and back.',
      'Use plain options: no functions, no Infinity, no undefined.',
    );
  }
  let again: T;
  try {
    again = create(json);
  } catch (cause) {
    if (!(cause instanceof LeaError) || cause.code !== 'E_TYPE_UNKNOWN') throw cause;
    throw violation(`The ${kind} type "${config.type}" is not registered.`, `Create its factory with ${define}.`);
  }
  if (isDeepStrictEqual(again.config, config)) return again;
  throw violation(
    `The ${kind} restored from its JSON has a different JSON.`,
    `Create its factory with ${define}, under a unique name.`,
    again.config,
  );
}

/**
 * A misspelled option must be refused, and the error must suggest the nearest name.
 *
 * @param needed options that the factory requires
 */
export function checkSpelling<N extends object>(
  factory: { (options: N): unknown; readonly schema: object },
  needed: N,
): void {
  const names = Object.keys(factory.schema).sort((a, b) => b.length - a.length);
  const name = names[0] ?? 'size';
  const misspelt = `${name}${name.at(-1)}`;
  const hint =
    'Give every option a default, and create the factory with defineAgent or defineEncoder, which check names.';
  try {
    factory({ ...needed, [misspelt]: 1 });
  } catch (error) {
    if (error instanceof LeaError && error.code === 'E_OPTION_UNKNOWN') {
      if (names.length === 0 || error.message.includes(`"${name}"`)) return;
    }
    throw violation(
      'A misspelled option is refused without suggesting the correct name.',
      hint,
      (error as Error).message,
    );
  }
  throw violation('A misspelled option is not refused.', hint, misspelt);
}
