import { pick, prefixed, type Value, type Values } from '@lea/tensor';
import { type Fusion, withMemory } from './memory/fusion.ts';
import { formKey, type Memory, memoryTables } from './memory/memory.ts';
import type { ScoringSource } from './scoring.ts';
import type { Agent, Shape } from './types.ts';

/** The parts of a policy. */
export interface PolicyParts {
  /** The trained agent. */
  readonly agent: Agent;
  /** Its weights, by name. */
  readonly params: Values;
  /** Sizes of the catalog and the window. */
  readonly shape: Shape;
  /** Text vectors [N, textSize], if the encoder reads them. */
  readonly text: Value | undefined;
  /** The policy's counting memory, if it has one. */
  readonly memory: Memory | undefined;
  /** How the memory is combined with the network. */
  readonly fusion: Fusion | undefined;
  /** [N] raw item ids by index, if the policy has them. */
  readonly itemIds: readonly string[] | undefined;
}

/** The agent whose scores are served: the policy's agent, combined with its memory if there is one. */
export function servedAgent({ agent, memory, fusion }: Pick<PolicyParts, 'agent' | 'memory' | 'fusion'>): Agent {
  return memory ? withMemory(agent, memory, fusion) : agent;
}

/** The scoring program of a policy. */
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
