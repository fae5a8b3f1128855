import { LeaError, withDefaults } from '@lea/core';
import { itemTable } from './encoders/items.ts';
import { encodePrefixes } from './encoders/prefixes.ts';
import type { Agent, Encoder } from './types.ts';

/** What makes a type of encoder: see `defineEncoder`. */
export interface EncoderDefinition<O extends object> {
  readonly type: string;
  /** Every option with its default; options of other names are refused. */
  readonly defaults: O;
  /** Refuses values that make no sense. */
  check?(options: O): void;
  build(options: O): EncoderParts;
}

/**
 * What an encoder must bring. Left out: `needsText`, `initText`, `tied` and `everyPosition` are false, `encodeAll` encodes
 * every prefix of the history as a history of its own, `itemTable` is `emb.weight` without its padding row, which is the
 * only one of `itemTables`.
 */
export interface EncoderParts
  extends Pick<Encoder, 'outputSize' | 'init' | 'encode'>,
    Partial<
      Pick<Encoder, 'needsText' | 'initText' | 'tied' | 'everyPosition' | 'encodeAll' | 'itemTable' | 'itemTables'>
    > {}

/** Makes encoders of one type from some of their options. @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE` */
export interface EncoderFactory<O extends object = object> {
  (options?: Partial<O>): Encoder;
  readonly type: string;
  readonly defaults: O;
}

/** What makes a type of agent: see `defineAgent`. */
export interface AgentDefinition<O extends object> {
  readonly type: string;
  /** Every option with its default; options of other names are refused. */
  readonly defaults: O;
  /** Refuses values that make no sense. */
  check?(options: O): void;
  /** Start from `supervisedParts` or `qParts`; add phases and loss. */
  build(options: O, encoder: Encoder): AgentParts;
}

export type AgentParts = Omit<Agent, 'name' | 'config' | 'encoder'>;

/** What an agent is made of: its encoder and some of its options. */
export type AgentOptions<O extends object = object> = Partial<O> & { readonly encoder: Encoder };

/**
 * Makes agents of one type, as `createAgent` does from JSON: `snqn({ encoder: sasrec(), gamma: 0.5 })`.
 *
 * @throws LeaError `E_OPTION_MISSING` without an encoder, `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`
 */
export interface AgentFactory<O extends object = object> {
  (options: AgentOptions<O>): Agent;
  readonly type: string;
  readonly defaults: O;
}

/** A factory that is not registered; `defineEncoder` makes and registers one. */
export function encoderFactory<O extends object>(definition: EncoderDefinition<O>): EncoderFactory<O> {
  const { type, defaults } = definition;
  const make = (options: Partial<O> = {}): Encoder => {
    const all = withDefaults(type, defaults, options);
    definition.check?.(all);
    const parts = definition.build(all);
    return {
      needsText: false,
      initText: false,
      tied: false,
      everyPosition: false,
      encodeAll: (params, histories, mode) => encodePrefixes(parts.encode, params, histories, mode),
      itemTable,
      itemTables: ['emb.weight'],
      ...parts,
      name: type,
      config: { type, ...all },
    };
  };
  return Object.assign(make, { type, defaults });
}

/** A factory that is not registered; `defineAgent` makes and registers one. */
export function agentFactory<O extends object>(definition: AgentDefinition<O>): AgentFactory<O> {
  const { type, defaults } = definition;
  const make = (given: AgentOptions<O>): Agent => {
    const { encoder, ...options } = withDefaults<Partial<AgentOptions>>(
      type,
      { encoder: undefined, ...defaults },
      given,
    );
    const all = options as O;
    definition.check?.(all);
    checkEncoder(type, encoder);
    return {
      ...definition.build(all, encoder),
      name: type,
      config: { type, ...all, encoder: encoder.config },
      encoder,
    };
  };
  return Object.assign(make, { type, defaults });
}

function checkEncoder(type: string, encoder: Encoder | undefined): asserts encoder is Encoder {
  if (typeof encoder?.encode === 'function') return;
  const hint = `Write ${type}({ encoder: sasrec() }).`;
  if (encoder === undefined) throw new LeaError('E_OPTION_MISSING', `${type} needs an encoder.`, { hint });
  throw new LeaError('E_OPTION_VALUE', `${type}: the option encoder is not an encoder.`, { value: encoder, hint });
}
