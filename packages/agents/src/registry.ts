import { LeaError, nearest } from '@lea/core';
import { ccql } from './agents/ccql.ts';
import { ce } from './agents/ce.ts';
import { dqnNs } from './agents/dqn-ns.ts';
import { proxy } from './agents/proxy.ts';
import { sa2c } from './agents/sa2c.ts';
import { sac } from './agents/sac.ts';
import { snqn } from './agents/snqn.ts';
import { sqn } from './agents/sqn.ts';
import { vpq } from './agents/vpq.ts';
import {
  type AgentDefinition,
  type AgentFactory,
  agentFactory,
  type EncoderDefinition,
  type EncoderFactory,
  encoderFactory,
} from './define.ts';
import { caser } from './encoders/caser.ts';
import { gru4rec } from './encoders/gru4rec.ts';
import { nextitnet } from './encoders/nextitnet.ts';
import { sasrec } from './encoders/sasrec.ts';
import { sasrecModern } from './encoders/sasrec-modern.ts';
import type { Agent, AgentConfig, Encoder, EncoderConfig } from './types.ts';

const encoders = known<EncoderFactory>([gru4rec, caser, nextitnet, sasrec, sasrecModern]);
const agents = known<AgentFactory>([ce, sqn, snqn, sac, sa2c, dqnNs, vpq, ccql, proxy]);

/**
 * Registers an encoder type, so that `createEncoder`, `createAgent` and `loadPolicy` find it.
 *
 * @param options.override replace a registered type with the same name; default: false
 * @returns its factory: `const mine = defineEncoder({ ... }); mine({ size: 32 })`
 * @throws LeaError `E_TYPE_TAKEN` when the name is taken and `override` is not set
 */
export function defineEncoder<O extends object>(
  definition: EncoderDefinition<O>,
  options: { override?: boolean } = {},
): EncoderFactory<O> {
  return register('encoder', encoders, encoderFactory(definition), options.override);
}

/**
 * Registers an agent type, so that `createAgent` and `loadPolicy` find it.
 *
 * @param options.override replace a registered type with the same name; default: false
 * @returns its factory: `const mine = defineAgent({ ... }); mine({ encoder: sasrec(), lr: 0.01 })`
 * @throws LeaError `E_TYPE_TAKEN` when the name is taken and `override` is not set
 */
export function defineAgent<O extends object>(
  definition: AgentDefinition<O>,
  options: { override?: boolean } = {},
): AgentFactory<O> {
  return register('agent', agents, agentFactory(definition), options.override);
}

/** The names of all registered encoder types. */
export function encoderTypes(): string[] {
  return [...encoders.keys()];
}

/** The names of all registered agent types. */
export function agentTypes(): string[] {
  return [...agents.keys()];
}

/**
 * Creates an encoder from its JSON, `{ type, ...options }`.
 *
 * @throws LeaError `E_TYPE_UNKNOWN`, `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`
 */
export function createEncoder(config: EncoderConfig): Encoder {
  const { type, ...options } = checkedConfig('encoder', config, '{ type: "sasrec" }');
  return find('encoder', encoders, type)(options);
}

/**
 * Creates an agent from its JSON, `{ type, ...options, encoder: { type, ...options } }`.
 *
 * @throws LeaError `E_TYPE_UNKNOWN`, `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`, `E_OPTION_MISSING`
 */
export function createAgent(config: AgentConfig): Agent {
  const example = '{ type: "ce", encoder: { type: "sasrec" } }';
  const { type, encoder, ...options } = checkedConfig('agent', config, example);
  const factory = find('agent', agents, type);
  if (!encoder) {
    throw new LeaError('E_OPTION_MISSING', 'The agent has no encoder.', { hint: 'Add encoder: { type: "sasrec" }.' });
  }
  return factory({ ...options, encoder: createEncoder(encoder) });
}

/** The JSON from which `createAgent` creates the same agent. */
export function agentConfig(agent: Agent): AgentConfig {
  return agent.config;
}

function checkedConfig<C extends object>(kind: string, config: C, example: string): C {
  if (typeof config === 'object' && config !== null && !Array.isArray(config)) return config;
  throw new LeaError('E_OPTION_VALUE', `The config of an ${kind} must be an object.`, {
    value: config,
    hint: `For example, use ${example}.`,
  });
}

function known<F extends { readonly type: string }>(factories: readonly object[]): Map<string, F> {
  return new Map((factories as readonly F[]).map((factory) => [factory.type, factory]));
}

function register<F extends { readonly type: string }>(
  kind: string,
  all: Map<string, { readonly type: string }>,
  factory: F,
  override = false,
): F {
  if (all.has(factory.type) && !override) {
    throw new LeaError('E_TYPE_TAKEN', `An ${kind} type with this name already exists.`, {
      value: factory.type,
      hint: 'Choose another name, or pass { override: true }.',
    });
  }
  all.set(factory.type, factory);
  return factory;
}

function find<T>(kind: string, known: Map<string, T>, type: string): T {
  const factory = known.get(type);
  if (factory) return factory;
  const near = typeof type === 'string' ? nearest(type, [...known.keys()]) : undefined;
  throw new LeaError('E_TYPE_UNKNOWN', `Unknown type of ${kind}.`, {
    value: type,
    hint: near ? `Did you mean "${near}"?` : `The types are: ${[...known.keys()].join(', ')}.`,
  });
}
