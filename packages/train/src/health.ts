import { LeaError } from '@lea/core';
import type { Values } from '@lea/tensor';
import type { Plan } from './options.ts';

/**
 * Looks at the losses and metrics of the steps from `from` on.
 *
 * @param outputs scalars per step, stacked [steps]
 * @throws LeaError `E_TRAIN_DIVERGED` naming the first bad step, the loss part and the option that cures it
 */
export function checkHealth(outputs: Values, from: number, phase: string, plan: Plan): void {
  const { loss, ...parts } = outputs;
  // The parts come first: they say more than their sum.
  const named = [...Object.entries(parts), ['loss', loss!] as const];
  // Losses of sound runs are of the order of the squared rewards and of log(items).
  const limit = 1e6 * Math.max(1, ...plan.rewards.map((reward) => reward ** 2));
  const steps = loss!.data.length;
  for (let i = 0; i < steps; i++) {
    for (const [part, { data }] of named) {
      const value = data[i]!;
      if (Math.abs(value) <= limit) continue;
      throw new LeaError(
        'E_TRAIN_DIVERGED',
        `Training diverged at step ${from + i + 1} of phase "${phase}": "${part}" ${Number.isFinite(value) ? 'exploded' : 'is not a finite number'}.`,
        { value, hint: cure(part) },
      );
    }
  }
}

function cure(part: string): string {
  return /^q\/|td|advantage/.test(part)
    ? "Lower the agent's gamma or the rewards, or the learning rate of the phase."
    : "Lower the agent's learning rate; see that rewards, text vectors and signals are of ordinary size.";
}
