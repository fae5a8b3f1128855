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
export function servedAgent({
  agent,
  shape,
  memory,
  fusion,
}: Pick<PolicyParts, 'agent' | 'shape' | 'memory' | 'fusion'>): Agent {
  return memory ? withMemory(agent, memory, fusion, shape.window) : agent;
}

/**
 * Number of newest events that a policy reads of a history: those of its network, or of its memory where that reads more. With
 * `joint` they are the network's, because the rows of its training hold no more.
 */
export function servedWindow({ shape, memory, fusion }: Pick<PolicyParts, 'shape' | 'memory' | 'fusion'>): number {
  if (!memory || fusion?.form === 'joint') return shape.window;
  return Math.max(shape.window, memory.config.window);
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
