import { LeaError, optionsOf, type TypeDefinition } from '@lea/core';
import { itemTable } from './encoders/items.ts';
import { encodePrefixes } from './encoders/prefixes.ts';
import type { Agent, Encoder } from './types.ts';

/** What makes a type of encoder: see `defineEncoder`. */
export interface EncoderDefinition<O extends object> extends TypeDefinition<O> {
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
export interface AgentDefinition<O extends object> extends TypeDefinition<O> {
  /** Start from `supervisedParts` or `qParts`; add phases and loss. */
  build(options: O, encoder: Encoder): AgentParts;
}

export type AgentParts = Omit<Agent, 'name' | 'config' | 'encoder'>;

/** Makes agents of one type from some of their options. @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE` */
export interface AgentFactory<O extends object = object> {
  (options?: Partial<O>): (encoder: Encoder) => Agent;
  readonly type: string;
  readonly defaults: O;
}

/** A factory that is not registered; `defineEncoder` makes and registers one. */
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

/** A factory that is not registered; `defineAgent` makes and registers one. */
export function agentFactory<O extends object>(definition: AgentDefinition<O>): AgentFactory<O> {
  const { type, defaults } = definition;
  const make = (options: Partial<O> = {}) => {
    const all = optionsOf(definition, options);
    return (encoder: Encoder): Agent => {
      if (typeof encoder?.encode !== 'function') {
        throw new LeaError('E_OPTION_VALUE', `${type}: an agent is made with an encoder.`, {
          value: encoder,
          hint: `For instance ${type}()(sasrec()).`,
        });
      }
      return {
        ...definition.build(all, encoder),
        name: type,
        config: { type, ...all, encoder: encoder.config },
        encoder,
      };
    };
  };
  return Object.assign(make, { type, defaults });
}
