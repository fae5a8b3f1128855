import {
  type AgentConfig,
  agentTypes,
  createAgent,
  createEncoder,
  type EncoderConfig,
  encoderTypes,
} from '@lea/agents';
import { LeaError } from '@lea/core';

/** An agent on an encoder. */
export interface Pair {
  /** The type with the requested options. */
  readonly agent: Variant;
  readonly encoder: Variant;
  /** The config with all options. @throws LeaError if a type or an option does not exist */
  config(): AgentConfig;
}

export interface Variant {
  readonly type: string;
  readonly [option: string]: unknown;
}

/**
 * Combines every agent with every encoder.
 *
 * @param agents comma-separated names, `all`, or JSON: `{ "type": ..., option: ... }` or a list of such
 * @param encoders the same
 * @param shared options that are set for the encoders that have them
 * @param loss the option `loss` of agents for which it is not given
 * @throws LeaError `E_FLAG_VALUE`
 */
export function pairsOf(
  agents: string,
  encoders: string,
  shared: Readonly<Record<string, unknown>>,
  loss?: string,
): Pair[] {
  const onEncoders = variants('encoder', encoders, encoderTypes());
  const given = variants('agent', agents, agentTypes());
  return given
    .map((agent) => (loss === undefined || 'loss' in agent ? agent : { ...agent, loss }))
    .flatMap((agent) =>
      onEncoders.map((encoder) => ({
        agent,
        encoder,
        config: () => createAgent({ ...agent, encoder: withShared(encoder, shared) }).config,
      })),
    );
}

function variants(flag: string, text: string, known: readonly string[]): Variant[] {
  if (text === 'all') return known.map((type) => ({ type }));
  if (!/^\s*[[{]/.test(text)) return text.split(',').map((type) => ({ type: type.trim() }));
  try {
    const list = [JSON.parse(text)].flat() as Variant[];
    if (list.length > 0 && list.every((variant) => typeof variant.type === 'string')) return list;
  } catch {
    // The error below covers invalid JSON as well.
  }
  throw new LeaError('E_FLAG_VALUE', `Expected comma-separated names, all, or JSON with a type for --${flag}.`, {
    value: text,
    hint: `For example, use --${flag} '{"type":"${known[0]}"}'.`,
  });
}

function withShared(encoder: EncoderConfig, shared: Readonly<Record<string, unknown>>): EncoderConfig {
  const { config } = createEncoder(encoder);
  const taken = Object.entries(shared).filter(([name]) => name in config && !(name in encoder));
  return { ...encoder, ...Object.fromEntries(taken) };
}
