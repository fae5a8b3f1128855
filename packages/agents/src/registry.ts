import { LeaError, nearest } from '@lea/core';
import { ce } from './agents/ce.ts';
import { sa2c } from './agents/sa2c.ts';
import { snqn } from './agents/snqn.ts';
import { sqn } from './agents/sqn.ts';
import { gru4rec } from './encoders/gru4rec.ts';
import { sasrec } from './encoders/sasrec.ts';
import type { Agent, AgentConfig, Encoder, EncoderConfig } from './types.ts';

/** Makes an encoder from its options. Must refuse unknown ones. */
export type EncoderFactory = (options: object) => Encoder;
/** Makes an agent from its options and an encoder. Must refuse unknown options. */
export type AgentFactory = (options: object) => (encoder: Encoder) => Agent;

const encoders = new Map<string, EncoderFactory>([
  ['sasrec', sasrec],
  ['gru4rec', gru4rec],
]);
const agents = new Map<string, AgentFactory>([
  ['ce', ce],
  ['sqn', sqn],
  ['snqn', snqn],
  ['sa2c', sa2c],
]);

/**
 * Makes an encoder type known to `createAgent` and `loadPolicy`.
 *
 * @throws LeaError `E_TYPE_TAKEN` when there is one of that name and `override` is not set
 */
export function defineEncoder(type: string, factory: EncoderFactory, options: { override?: boolean } = {}): void {
  define('encoder', encoders, type, factory, options.override);
}

/** The same for agents. */
export function defineAgent(type: string, factory: AgentFactory, options: { override?: boolean } = {}): void {
  define('agent', agents, type, factory, options.override);
}

/**
 * An encoder from its JSON, `{ type, ...options }`.
 *
 * @throws LeaError `E_TYPE_UNKNOWN`, `E_OPTION_UNKNOWN`
 */
export function createEncoder({ type, ...options }: EncoderConfig): Encoder {
  return find('encoder', encoders, type)(options);
}

/**
 * An agent from its JSON, `{ type, ...options, encoder: { type, ...options } }`.
 *
 * @throws LeaError `E_TYPE_UNKNOWN`, `E_OPTION_UNKNOWN`
 */
export function createAgent({ type, encoder, ...options }: AgentConfig): Agent {
  const factory = find('agent', agents, type)(options);
  if (!encoder) {
    throw new LeaError('E_OPTION_MISSING', 'The agent has no encoder.', { hint: 'Add encoder: { type: "sasrec" }.' });
  }
  return factory(createEncoder(encoder));
}

/** The JSON from which `createAgent` makes the same agent. */
export function agentConfig(agent: Agent): AgentConfig {
  return agent.config;
}

function define<T>(kind: string, known: Map<string, T>, type: string, factory: T, override = false): void {
  if (known.has(type) && !override) {
    throw new LeaError('E_TYPE_TAKEN', `There is an ${kind} of that name already.`, {
      value: type,
      hint: 'Choose another name or pass { override: true }.',
    });
  }
  known.set(type, factory);
}

function find<T>(kind: string, known: Map<string, T>, type: string): T {
  const factory = known.get(type);
  if (factory) return factory;
  const near = typeof type === 'string' ? nearest(type, [...known.keys()]) : undefined;
  throw new LeaError('E_TYPE_UNKNOWN', `There is no ${kind} of that type.`, {
    value: type,
    hint: near ? `Did you mean "${near}"?` : `Known: ${[...known.keys()].join(', ')}.`,
  });
}
