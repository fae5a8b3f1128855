import type { Agent, Phase } from '@lea/agents';
import { LeaError } from '@lea/core';
import type { Values } from '@lea/tensor';
import type { Plan } from '../options.ts';

/**
 * Checks the losses and metrics of the steps from `from` on. A run has diverged when one of them is not finite, when one exceeds
 * 10^6 (times the square of the largest reward, if that is above 1), or when a loss falls below -10 times that of an untrained
 * agent, log(items) (times the largest reward, if that is above 1). In the last case negative weights increase the cross-entropy,
 * and the loss can fall without bound while the ranking gets worse.
 *
 * @param outputs scalars per step: `loss` and metrics
 * @throws LeaError `E_TRAIN_DIVERGED` naming the first bad step, the metric and the option to change
 */
export function checkHealth(outputs: Values, from: number, phase: Phase, plan: Plan): void {
  const { loss, ...parts } = outputs;
  // The parts come first because they are more specific than their sum.
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
        ? 'is not finite'
        : Math.abs(value) > highest
          ? 'exploded'
          : 'fell without bound';
      throw diverged(from + i + 1, phase, plan, part, `"${part}" ${what}`, value);
    }
  }
}

/**
 * The largest absolute reward in TD targets: of the log or of the signals that replace it, of negative actions, and of positive
 * actions in the signals.
 */
export function largestReward({
  agent,
  train,
  rewards,
  signals,
}: Pick<Plan, 'agent' | 'train' | 'rewards' | 'signals'>): number {
  const { negativeReward } = agent.config;
  let most = typeof negativeReward === 'number' ? Math.abs(negativeReward) : 0;
  const consider = (values: Iterable<number>) => {
    for (const value of values) most = Math.max(most, Math.abs(value));
  };
  if (signals?.reward) consider(signals.reward);
  else if (rewards !== 'logged') consider(rewards);
  else for (const event of train.event) most = Math.max(most, Math.abs(train.sequences.reward![event]!));
  consider(signals?.targetRewards ?? []);
  return most;
}

/**
 * Creates the error for a run that has diverged.
 *
 * @param step counted from 1
 * @param part the metric that diverged; `loss` for the total loss
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

/** The hint for a metric in this phase, else for the metric in any phase, else for the total loss. */
function hintOf(part: string, phase: string, divergenceHints: Agent['divergenceHints']): string {
  const names = [`${phase}/${part}`, part, `${phase}/loss`, 'loss'];
  return (
    names.map((name) => divergenceHints[name]).find((hint) => hint !== undefined) ??
    "Lower the agent's learning rate, and check that rewards, text vectors and signals are not unusually large."
  );
}
