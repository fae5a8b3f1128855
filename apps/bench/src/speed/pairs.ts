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
  /** Types, and the options that were asked for beside them. */
  readonly agent: Variant;
  readonly encoder: Variant;
  /** All options. @throws LeaError when there is no such type or option */
  config(): AgentConfig;
}

export interface Variant {
  readonly type: string;
  readonly [option: string]: unknown;
}

/**
 * Every agent on every encoder.
 *
 * @param agents comma-separated names, `all`, or JSON: `{ "type": ..., option: ... }` or a list of such
 * @param encoders the same
 * @param shared options of encoders that have them
 * @param loss option of agents that do not give it
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
    // Said below.
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
