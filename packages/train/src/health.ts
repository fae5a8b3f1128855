import type { Phase } from '@lea/agents';
import { LeaError } from '@lea/core';
import type { Values } from '@lea/tensor';
import type { Plan } from './options.ts';

/**
 * Looks at the losses and metrics of the steps from `from` on. A run has diverged when one of them is not finite, when one
 * exceeds 10^6 (times the squared rewards, where they are above 1), or when a loss falls below -10 times that of an agent
 * that knows nothing, log(items) (times the rewards, where they are above 1): negative weights then push the cross entropy
 * up, and a loss can fall for ever while the ranking rots.
 *
 * @param outputs scalars per step: `loss` and metrics
 * @throws LeaError `E_TRAIN_DIVERGED` naming the first bad step, the part and the option that cures it
 */
export function checkHealth(outputs: Values, from: number, phase: Phase, plan: Plan): void {
  const { loss, ...parts } = outputs;
  // The parts come first: they say more than their sum.
  const named = [...Object.entries(parts), ['loss', loss!] as const];
  const reward = Math.max(1, ...plan.rewards.map(Math.abs));
  const highest = 1e6 * reward ** 2;
  const lowestLoss = -10 * reward * Math.log(plan.shape.items + 1);
  const steps = loss!.data.length;
  for (let i = 0; i < steps; i++) {
    for (const [part, { data }] of named) {
      const value = data[i]!;
      const lowest = part.startsWith('loss') ? lowestLoss : -highest;
      if (value >= lowest && value <= highest) continue;
      const what = !Number.isFinite(value)
        ? 'is not a finite number'
        : Math.abs(value) > highest
          ? 'exploded'
          : 'fell without bound';
      throw new LeaError(
        'E_TRAIN_DIVERGED',
        `Training diverged at step ${from + i + 1} of phase "${phase.name}": "${part}" ${what}.`,
        { value, hint: cureOf(part, plan) },
      );
    }
  }
}

function cureOf(part: string, { agent }: Plan): string {
  return (
    agent.cures[part] ??
    "Lower the agent's learning rate; see that rewards, text vectors and signals are of ordinary size."
  );
}
