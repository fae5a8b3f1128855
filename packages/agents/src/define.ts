import {
  checkFunctions,
  checkObjects,
  type Given,
  LeaError,
  type OptionsSchema,
  optionsOf,
  type TypeDefinition,
} from '@lea/core';
import { checkedBatch } from './batch.ts';
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
  (options?: Given<O>): Encoder;
  /** Name of the type. */
  readonly type: string;
  /** The check and the default of every option; `defaultsOf(schema)` of @lea/core gives the defaults. */
  readonly schema: OptionsSchema<O>;
}

/** Defines a type of agent, see `defineAgent`. */
export interface AgentDefinition<O extends object> extends TypeDefinition<O> {
  /** Builds the agent. Start from `supervisedParts` or `qParts` and add phases and loss. */
  build(options: O, encoder: Encoder): AgentParts;
}

/** The parts of an agent that `build` returns. */
export type AgentParts = Omit<Agent, 'name' | 'config' | 'encoder'>;

/** The options of an agent: its encoder and partial options of its type. */
export type AgentOptions<O extends object = object> = Given<O> & { readonly encoder: Encoder };

/**
 * Creates agents of one type, as `createAgent` does from JSON: `snqn({ encoder: sasrec(), gamma: 0.5 })`.
 *
 * @throws LeaError `E_OPTION_MISSING` without an encoder, `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`
 */
export interface AgentFactory<O extends object = object> {
  (options: AgentOptions<O>): Agent;
  /** Name of the type. */
  readonly type: string;
  /** The check and the default of every option; `defaultsOf(schema)` of @lea/core gives the defaults. */
  readonly schema: OptionsSchema<O>;
}

/** Creates a factory without registering it; `defineEncoder` also registers it. */
export function encoderFactory<O extends object>(definition: EncoderDefinition<O>): EncoderFactory<O> {
  const { type } = definition;
  const make = (options: Given<O> = {}): Encoder => {
    const all = optionsOf(definition, options);
    const parts = definition.build(all);
    checkParts(`${type}: build`, parts, ['init', 'encode']);
    const encode: Encoder['encode'] = (params, histories, mode) =>
      checkedStates(type, parts.encode(params, histories, mode), parts.outputSize);
    return {
      needsText: false,
      initText: false,
      tied: false,
      everyPosition: false,
      encodeAll: (params, histories, mode) => encodePrefixes(encode, params, histories, mode),
      itemTable,
      itemTables: ['emb.weight'],
      ...parts,
      encode,
      name: type,
      config: { type, ...all },
    };
  };
  return factory(make, definition);
}

/** Creates a factory without registering it; `defineAgent` also registers it. */
export function agentFactory<O extends object>(definition: AgentDefinition<O>): AgentFactory<O> {
  const { type } = definition;
  const make = (given: AgentOptions<O>): Agent => {
    checkGiven(type, given);
    const { encoder, ...options } = given;
    const all = optionsOf(definition, options as Given<O>);
    checkEncoder(type, encoder);
    const parts = definition.build(all, encoder);
    checkParts(`${type}: build`, parts, ['init', 'inputs', 'loss', 'score']);
    return {
      ...parts,
      loss: (input) => parts.loss({ ...input, batch: checkedBatch(type, input.batch) }),
      name: type,
      config: { type, ...all, encoder: encoder.config },
      encoder,
    };
  };
  return factory(make, definition);
}

/** The states, if they are one per history. @throws LeaError `E_ENCODER_STATES` */
function checkedStates(type: string, states: ReturnType<Encoder['encode']>, size: number): typeof states {
  if (states?.shape?.length === 2 && states.shape[1] === size) return states;
  throw new LeaError('E_ENCODER_STATES', `${type}: encode must return states of the shape [histories, ${size}].`, {
    value: states?.shape ?? states,
    hint: 'Return one state per history, that after its last event; the number of columns is outputSize.',
  });
}

/** Refuses results of `build` that lack a function. @throws LeaError `E_ARGUMENT_TYPE` */
function checkParts<P extends object>(where: string, parts: P, functions: readonly (keyof P & string)[]): void {
  checkObjects(where, { result: parts });
  checkFunctions(where, Object.fromEntries(functions.map((name) => [name, parts[name]])));
}

/** Refuses what is no options object, such as the encoder itself. */
function checkGiven(type: string, given: unknown): void {
  if (given === undefined) throw new LeaError('E_OPTION_MISSING', `${type}: expected an encoder.`, example(type));
  if (isEncoder(given)) {
    const message = `${type}: expected options with an encoder, got the encoder "${given.name}" alone.`;
    throw new LeaError('E_OPTION_VALUE', message, example(type));
  }
  if (typeof given === 'object' && given !== null && !Array.isArray(given)) return;
  const message = `${type}: expected options with an encoder.`;
  throw new LeaError('E_OPTION_VALUE', message, { value: given, ...example(type, given) });
}

function checkEncoder(type: string, encoder: unknown): asserts encoder is Encoder {
  if (isEncoder(encoder)) return;
  const code = encoder === undefined ? 'E_OPTION_MISSING' : 'E_OPTION_VALUE';
  throw new LeaError(code, `${type}: expected an encoder.`, {
    ...(encoder !== undefined && { value: encoder }),
    ...example(type, encoder),
  });
}

function example(type: string, given?: unknown): { hint: string } {
  const call = typeof given === 'function' ? 'Call it: a factory is no encoder yet. ' : '';
  return { hint: `${call}Write ${type}({ encoder: sasrec() }).` };
}

/** Gives a function that makes encoders or agents its type, also as its name, which errors show. */
function factory<F extends object, O extends object>(
  make: F,
  { type, schema }: TypeDefinition<O>,
): F & Pick<TypeDefinition<O>, 'type' | 'schema'> {
  Object.defineProperty(make, 'name', { value: type });
  return Object.assign(make, { type, schema });
}

function isEncoder(value: unknown): value is Encoder {
  return typeof (value as Encoder | null | undefined)?.encode === 'function';
}
