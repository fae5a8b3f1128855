import { LeaError, optionsOf, type TypeDefinition } from '@lea/core';
import { itemTable } from './encoders/items.ts';
import { encodePrefixes } from './encoders/prefixes.ts';
import type { Agent, Encoder } from './types.ts';

/** Defines a type of encoder, see `defineEncoder`. */
export interface EncoderDefinition<O extends object> extends TypeDefinition<O> {
  /** Builds the encoder from its complete options. */
  build(options: O): EncoderParts;
}

/**
 * The parts of an encoder that `build` returns. Defaults: `needsText`, `initText`, `tied` and `everyPosition` are false;
 * `encodeAll` encodes every prefix of the history separately; `itemTable` is `emb.weight` without its padding row, and
 * `itemTables` lists only `emb.weight`.
 */
export interface EncoderParts
  extends Pick<Encoder, 'outputSize' | 'init' | 'encode'>,
    Partial<
      Pick<Encoder, 'needsText' | 'initText' | 'tied' | 'everyPosition' | 'encodeAll' | 'itemTable' | 'itemTables'>
    > {}

/** Creates encoders of one type from partial options. @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE` */
export interface EncoderFactory<O extends object = object> {
  (options?: Partial<O>): Encoder;
  /** Name of the type. */
  readonly type: string;
  /** Default options. */
  readonly defaults: O;
}

/** Defines a type of agent, see `defineAgent`. */
export interface AgentDefinition<O extends object> extends TypeDefinition<O> {
  /** Builds the agent. Start from `supervisedParts` or `qParts` and add phases and loss. */
  build(options: O, encoder: Encoder): AgentParts;
}

/** The parts of an agent that `build` returns. */
export type AgentParts = Omit<Agent, 'name' | 'config' | 'encoder'>;

/** The options of an agent: its encoder and partial options of its type. */
export type AgentOptions<O extends object = object> = Partial<O> & { readonly encoder: Encoder };

/**
 * Creates agents of one type, as `createAgent` does from JSON: `snqn({ encoder: sasrec(), gamma: 0.5 })`.
 *
 * @throws LeaError `E_OPTION_MISSING` without an encoder, `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`
 */
export interface AgentFactory<O extends object = object> {
  (options: AgentOptions<O>): Agent;
  /** Name of the type. */
  readonly type: string;
  /** Default options. */
  readonly defaults: O;
}

/** Creates a factory without registering it; `defineEncoder` also registers it. */
export function encoderFactory<O extends object>(definition: EncoderDefinition<O>): EncoderFactory<O> {
  const { type, defaults } = definition;
  const make = (options: Partial<O> = {}): Encoder => {
    const all = optionsOf(definition, options);
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

/** Creates a factory without registering it; `defineAgent` also registers it. */
export function agentFactory<O extends object>(definition: AgentDefinition<O>): AgentFactory<O> {
  const { type, defaults } = definition;
  const make = (given: AgentOptions<O>): Agent => {
    const { encoder, ...options } = given ?? {};
    const all = optionsOf(definition, options as Partial<O>);
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
  if (encoder === undefined) throw new LeaError('E_OPTION_MISSING', `${type}: expected an encoder.`, { hint });
  throw new LeaError('E_OPTION_VALUE', `${type}: expected an encoder.`, { value: encoder, hint });
}
