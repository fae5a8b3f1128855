import type { Agent, Phase } from '@lea/agents';
import { LeaError } from '@lea/core';
import type { Values } from '@lea/tensor';
import type { Plan } from '../options.ts';

/**
 * Looks at the losses and metrics of the steps from `from` on. A run has diverged when one of them is not finite, when one
 * exceeds 10^6 (times the square of the largest reward, where it is above 1), or when a loss falls below -10 times that of an
 * agent that knows nothing, log(items) (times the largest reward, where it is above 1): negative weights then push the cross entropy
 * up, and a loss can fall for ever while the ranking rots.
 *
 * @param outputs scalars per step: `loss` and metrics
 * @throws LeaError `E_TRAIN_DIVERGED` naming the first bad step, the part and the option that cures it
 */
export function checkHealth(outputs: Values, from: number, phase: Phase, plan: Plan): void {
  const { loss, ...parts } = outputs;
  // The parts come first: they say more than their sum.
  const named = [...Object.entries(parts), ['loss', loss!] as const];
  const reward = Math.max(1, plan.largestReward);
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
      throw diverged(from + i + 1, phase, plan, part, `"${part}" ${what}`, value);
    }
  }
}

/**
 * The largest reward in size that a TD target may hold: of the log or the signals in its place, of negative actions and of
 * positive ones that the signals bring.
 */
export function largestReward({ agent, rewards, signals }: Pick<Plan, 'agent' | 'rewards' | 'signals'>): number {
  const given: ArrayLike<number>[] = [signals?.reward ?? rewards, signals?.targetRewards ?? []];
  const { negativeReward } = agent.config;
  const least = typeof negativeReward === 'number' ? Math.abs(negativeReward) : 0;
  return given.flatMap((some) => Array.from(some)).reduce((most, reward) => Math.max(most, Math.abs(reward)), least);
}

/**
 * The error of a run that has diverged.
 *
 * @param step counted from 1
 * @param part the metric to be cured, `loss` for the whole
 */
export function diverged(
  step: number,
  phase: Phase,
  { agent }: Plan,
  part: string,
  what: string,
  value: number,
): LeaError {
  return new LeaError('E_TRAIN_DIVERGED', `Training diverged at step ${step} of phase "${phase.name}": ${what}.`, {
    value,
    hint: hintOf(part, phase.name, agent.divergenceHints),
  });
}

/** The cure of a metric in the phase before that in any, that of the whole loss where it has none. */
function hintOf(part: string, phase: string, divergenceHints: Agent['divergenceHints']): string {
  const names = [`${phase}/${part}`, part, `${phase}/loss`, 'loss'];
  return (
    names.map((name) => divergenceHints[name]).find((hint) => hint !== undefined) ??
    "Lower the agent's learning rate; see that rewards, text vectors and signals are of ordinary size."
  );
}
