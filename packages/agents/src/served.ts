import { pick, prefixed, type Value, type Values } from '@lea/tensor';
import { type Fusion, withMemory } from './memory/fusion.ts';
import { formKey, type Memory, memoryTables } from './memory/memory.ts';
import type { ScoringSource } from './scoring.ts';
import type { Agent, Shape } from './types.ts';

/** What a policy is made of. */
export interface PolicyParts {
  readonly agent: Agent;
  readonly params: Values;
  readonly shape: Shape;
  /** Text vectors [N, textSize], when the encoder reads them. */
  readonly text: Value | undefined;
  /** The policy's own counting memory, and how its scores join those of the network. */
  readonly memory: Memory | undefined;
  readonly fusion: Fusion | undefined;
  /** The ids of the catalog's items, where the policy knows them. */
  readonly itemIds: readonly string[] | undefined;
}

/** The agent whose scores are served: the policy's own, with its memory where it has one. */
export function servedAgent({ agent, memory, fusion }: Pick<PolicyParts, 'agent' | 'memory' | 'fusion'>): Agent {
  return memory ? withMemory(agent, memory, fusion) : agent;
}

/** The scores of a policy. */
export function servedSource(parts: PolicyParts): ScoringSource {
  const { params, text, memory } = parts;
  return {
    ...(memory && { form: () => formKey(memory.state) }),
    program: () => {
      const agent = servedAgent(parts);
      return ({ inputs, frozen }) => {
        const histories = { items: inputs.items!, length: inputs.length! };
        const scores = agent.score(pick('params/', frozen), histories, pick('frozen/', frozen));
        return { state: {}, outputs: { scores } };
      };
    },
    frozen: () => {
      const others = { ...(text && { text }), ...(memory && memoryTables(memory.state)) };
      return { ...prefixed('params/', params), ...prefixed('frozen/', others) };
    },
  };
}
