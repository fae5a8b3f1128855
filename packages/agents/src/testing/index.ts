/** Conformance kits for agents and encoders of one's own: call them in a test file of vitest. */
import { afterAll, describe, test } from 'vitest';
import type { AgentFactory, EncoderFactory } from '../define.ts';
import { agentContext } from './agent-context.ts';
import { encoderContext } from './encoder-context.ts';
import { agentChecks, type Check, encoderChecks } from './kits.ts';
import type { AgentSettings, EncoderSettings } from './settings.ts';

export type { AgentSettings, EncoderSettings, LearningSettings } from './settings.ts';

/**
 * Registers a block of tests that every agent passes: shapes, gradients, what the loss reads, JSON, saved policies, memories,
 * seeds, compiled against eager, tensors left behind, learning. A failure says what is wrong and how to mend it.
 *
 * ```ts
 * testAgent(iql, { options: { expectile: 0.8 } });
 * ```
 *
 * @param factory what `defineAgent` returned
 * @throws LeaError `E_OPTION_UNKNOWN` for a misspelt setting, and what the factory throws
 */
export function testAgent<O extends object>(factory: AgentFactory<O>, settings: Partial<AgentSettings<O>> = {}): void {
  const context = agentContext(factory as unknown as AgentFactory, settings);
  register(`agent ${factory.type} on ${context.agent.encoder.name}`, context, agentChecks);
}

/**
 * The same for encoders: shapes, padding, order of the batch, empty and long histories, gradients, dropout; and trained
 * with `ce` what agents are asked for.
 *
 * @param factory what `defineEncoder` returned
 * @throws LeaError `E_OPTION_UNKNOWN` for a misspelt setting, and what the factory throws
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
    for (const [property, check] of Object.entries(checks)) test(property, () => check(context));
  });
}
