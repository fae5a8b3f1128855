import { checkDefinition, createRegistry, LeaError, withDefaults } from '@lea/core';
import { ccql } from './agents/ccql.ts';
import { ce } from './agents/ce.ts';
import { dqnNs } from './agents/dqn-ns.ts';
import { proxy } from './agents/proxy.ts';
import { sa2c } from './agents/sa2c.ts';
import { sac } from './agents/sac.ts';
import { snqn } from './agents/snqn.ts';
import { sqn } from './agents/sqn.ts';
import { vpq } from './agents/vpq.ts';
import { checkAgents } from './arguments.ts';
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

const encoders = createRegistry('encoder', known<EncoderFactory>([gru4rec, caser, nextitnet, sasrec, sasrecModern]));
const agents = createRegistry('agent', known<AgentFactory>([ce, sqn, snqn, sac, sa2c, dqnNs, vpq, ccql, proxy]));

/**
 * Registers an encoder type, so that `createEncoder`, `createAgent` and `loadPolicy` find it.
 *
 * @param options.override replace a registered type with the same name; default: false
 * @returns its factory: `const mine = defineEncoder({ ... }); mine({ size: 32 })`
 * @throws LeaError `E_TYPE_TAKEN` when the name is taken and `override` is not set
 */
export function defineEncoder<O extends object>(
  definition: EncoderDefinition<O>,
  options?: { override?: boolean },
): EncoderFactory<O> {
  checkDefinition('defineEncoder', definition, ['build']);
  const { override } = withDefaults('defineEncoder', { override: false }, options);
  return encoders.define(encoderFactory(definition) as EncoderFactory, override) as EncoderFactory<O>;
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
  options?: { override?: boolean },
): AgentFactory<O> {
  checkDefinition('defineAgent', definition, ['build']);
  const { override } = withDefaults('defineAgent', { override: false }, options);
  return agents.define(agentFactory(definition) as AgentFactory, override) as AgentFactory<O>;
}

/** The names of all registered encoder types. */
export function encoderTypes(): string[] {
  return encoders.types();
}

/** The names of all registered agent types. */
export function agentTypes(): string[] {
  return agents.types();
}

/**
 * Creates an encoder from its JSON, `{ type, ...options }`.
 *
 * @throws LeaError `E_TYPE_UNKNOWN`, `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`
 */
export function createEncoder(config: EncoderConfig): Encoder {
  const { type, ...options } = checkedConfig('encoder', config, '{ type: "sasrec" }');
  return encoders.find(type)(options);
}

/**
 * Creates an agent from its JSON, `{ type, ...options, encoder: { type, ...options } }`.
 *
 * @throws LeaError `E_TYPE_UNKNOWN`, `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`, `E_OPTION_MISSING`
 */
export function createAgent(config: AgentConfig): Agent {
  const example = '{ type: "ce", encoder: { type: "sasrec" } }';
  const { type, encoder, ...options } = checkedConfig('agent', config, example);
  const factory = agents.find(type);
  if (!encoder) {
    throw new LeaError('E_OPTION_MISSING', 'The agent has no encoder.', { hint: 'Add encoder: { type: "sasrec" }.' });
  }
  return factory({ ...options, encoder: createEncoder(encoder) });
}

/** The JSON from which `createAgent` creates the same agent. */
export function agentConfig(agent: Agent): AgentConfig {
  checkAgents('agentConfig', { agent });
  return agent.config;
}

function checkedConfig<C extends object>(kind: string, config: C, example: string): C {
  if (typeof config === 'object' && config !== null && !Array.isArray(config)) return config;
  throw new LeaError('E_OPTION_VALUE', `The config of an ${kind} must be an object.`, {
    value: config,
    hint: `For example, use ${example}.`,
  });
}

/** Factories whose options differ, as those of any options. */
function known<F>(factories: readonly object[]): readonly F[] {
  return factories as readonly F[];
}
