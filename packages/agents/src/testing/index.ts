/** Conformance kits for custom agents and encoders: call them in a vitest test file. */
import { afterAll, describe, test } from 'vitest';
import type { AgentFactory, EncoderFactory } from '../define.ts';
import { agentContext } from './agent-context.ts';
import { encoderContext } from './encoder-context.ts';
import { agentChecks, type Check, encoderChecks } from './kits.ts';
import type { AgentSettings, EncoderSettings } from './settings.ts';
import { tellOnce } from './tell-once.ts';

export type { AgentSettings, EncoderSettings, LearningSettings } from './settings.ts';

/**
 * Registers tests that every agent must pass: shapes, gradients, inputs of the loss, JSON, saved policies, memories, seeds,
 * compiled against interpreted programs, leaked tensors, learning. A failure says what is wrong and how to fix it.
 *
 * ```ts
 * testAgent(iql, { options: { expectile: 0.8 } });
 * ```
 *
 * @param factory the result of `defineAgent`
 * @param settings see `AgentSettings`
 * @throws LeaError `E_OPTION_UNKNOWN` for a misspelled setting, and the errors of the factory
 */
export function testAgent<O extends object>(factory: AgentFactory<O>, settings: Partial<AgentSettings<O>> = {}): void {
  const context = agentContext(factory as unknown as AgentFactory, settings);
  register(`agent ${factory.type} on ${context.agent.encoder.name}`, context, agentChecks);
}

/**
 * Registers tests that every encoder must pass: shapes, padding, order of the batch, empty and long histories, gradients,
 * dropout, and the training checks of agents, with the agent `ce`.
 *
 * @param factory the result of `defineEncoder`
 * @param settings see `EncoderSettings`
 * @throws LeaError `E_OPTION_UNKNOWN` for a misspelled setting, and the errors of the factory
 */
export function testEncoder<O extends object>(
  factory: EncoderFactory<O>,
  settings: Partial<EncoderSettings<O>> = {},
): void {
  const context = encoderContext(factory as unknown as EncoderFactory, settings);
  register(`encoder ${factory.type}`, context, encoderChecks);
}

function register<C extends { dispose(): Promise<void> }>(
  name: string,
  context: C,
  checks: Readonly<Record<string, Check<C>>>,
): void {
  describe(name, () => {
    afterAll(() => context.dispose());
    const told = new Set<string>();
    for (const [property, check] of Object.entries(checks)) {
      test(property, ({ skip }) => tellOnce(() => check(context), told, skip));
    }
  });
}
