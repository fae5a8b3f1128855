import { LeaError } from '@lea/core';
import { interactionsOf, sequences, transitions } from '@lea/data';
import { countingMemory } from '../memory/counting-memory.ts';
import type { Memory } from '../memory/memory.ts';
import { inputs, shapes } from './agent-checks.ts';
import { type AgentContext, contextOf } from './agent-context.ts';
import { markovDecisions } from './decisions.ts';
import { gradients, rows } from './loss-checks.ts';
import { agentRepeats } from './repeat-checks.ts';
import { compiled, leaks, saved } from './training-checks.ts';

/** With a memory (fused after training, or jointly trained) the agent has the same properties as without one. */
export async function memory(context: AgentContext): Promise<void> {
  const counted = await countedMemory(context);
  for (const form of ['after', 'joint'] as const) {
    if (form === 'joint' && !context.settings.memory) continue;
    const fused = fusedContext(context, counted, form);
    if (!fused) continue;
    try {
      for (const check of [agentRepeats, shapes, inputs, gradients, rows, compiled, leaks, saved]) await check(fused);
    } finally {
      await fused.dispose();
    }
  }
}

/** Undefined if the agent does not support joint training with a memory. */
function fusedContext(context: AgentContext, counted: Memory, form: 'after' | 'joint'): AgentContext | undefined {
  try {
    return contextOf(context.factory, context.settings, context.agent, { memory: counted, fusion: { form } });
  } catch (cause) {
    if (cause instanceof LeaError && cause.code === 'E_MEMORY_JOINT') return undefined;
    throw cause;
  }
}

function countedMemory({ shape }: AgentContext): Promise<Memory> {
  const users = markovDecisions(11, 24, 0.9, shape).map(({ history, action }) => [...history, action]);
  const events = users.flatMap((own, user) => own.map((item) => [`${user}`, `${item}`] as const));
  const ids = Array.from({ length: shape.items }, (_, item) => `${item}`);
  const log = interactionsOf({ user: events.map(([user]) => user), item: events.map(([, item]) => item) }, { ids });
  return countingMemory(transitions(sequences(log)), { gateSteps: 10 });
}
