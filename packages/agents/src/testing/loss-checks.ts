import type { Values } from '@lea/tensor';
import { type AgentContext, batchFor, guidances, takesActions } from './agent-context.ts';
import { type Decision, decisions } from './decisions.ts';
import { fresh, lossPass, passesOf } from './passes.ts';
import { distance, magnitude } from './tensors.ts';
import { checkGradients } from './value-checks.ts';
import { violation } from './violation.ts';

/**
 * If the loss uses rewards of an environment's actions, they count in proportion to the action's weight, so not at
 * weight 0.
 */
export function actions(context: AgentContext): void {
  if (!takesActions(context)) return;
  const { params, target } = fresh(context);
  const batch = batchFor(context, decisions, 0, guidances.at(-1)!);
  const weights = batch.targetWeights!;
  const rewards = batch.targetRewards!;
  const unweighted = { ...weights, data: new Float32Array(weights.data.length) };
  const raised = { ...rewards, data: Float32Array.from(rewards.data, (x) => x + 3) };
  for (const phase of context.agent.phases) {
    const loss = (other: Values) =>
      lossPass(context, phase, { params, target, batch: { ...batch, ...other } }).loss.data[0]!;
    if (loss({}) === loss({ targetRewards: raised })) {
      throw violation(
        `inputs lists "targetRewards", but the loss does not depend on them (phase "${phase.name}").`,
        'Use them as rewards of TD targets, as critic does, or remove them from inputs.',
      );
    }
    if (loss({ targetWeights: unweighted }) === loss({ targetWeights: unweighted, targetRewards: raised })) continue;
    throw violation(
      `Rewards of actions with weight 0 change the loss (phase "${phase.name}").`,
      'A weight of 0 disables an action. Multiply its term by the weight, or draw actions by their weights.',
    );
  }
}

/** Every parameter gets a gradient in some phase, except those in `still`, which get none. */
export function gradients(context: AgentContext): void {
  const { params, target, batch } = fresh(context);
  const passes = context.agent.phases.map((phase) => lossPass(context, phase, { params, target, batch }).gradients);
  checkGradients(params, passes, context.settings.still);
}

/** The target network gets no gradient. */
export function target(context: AgentContext): void {
  if (context.agent.target === 'none') return;
  const { params, target: valuing } = fresh(context);
  for (const [phase, guidance] of passesOf(context)) {
    const feed = { params, target: valuing, batch: batchFor(context, decisions, 0, guidance) };
    for (const [name, { data }] of Object.entries(lossPass(context, phase, feed, 'target').gradients)) {
      if (magnitude(data) === 0) continue;
      throw violation(
        `In phase "${phase.name}" the parameter "${name}" of the target network gets a gradient.`,
        'Apply stopGradient of @lea/tensor to the values that the target network computes.',
      );
    }
  }
}

/**
 * Rows of a batch are independent: changing the decision of one row does not change the terms of other rows, and changes the
 * loss by an amount that does not depend on other rows.
 */
export function rows(context: AgentContext): void {
  if (!context.settings.separable) return;
  const { params, target } = fresh(context);
  const [one, two] = [1, 4];
  const first = decisions.with(one, { history: [6, 1], action: 0, reward: 0.7, done: true });
  const second = (of: readonly Decision[]) => of.with(two, { history: [2, 5, 8], action: 6, reward: -0.3 });
  const hint = 'Reduce over items (axis 1), not over rows. Set separable: false if the loss compares rows on purpose.';
  for (const [phase, guidance] of passesOf(context)) {
    const pass = (of: readonly Decision[]) =>
      lossPass(context, phase, { params, target, batch: batchFor(context, of, 0, guidance) });
    const [before, after] = [pass(decisions), pass(first)];
    for (const [name, term] of Object.entries(before.terms)) {
      const width = term.data.length / decisions.length;
      for (let row = 0; row < decisions.length; row++) {
        const of = (data: ArrayLike<number>) => Array.from({ length: width }, (_, i) => data[row * width + i]!);
        if (row === one || distance(of(term.data), of(after.terms[name]!.data)) < 1e-5) continue;
        const what = `The term "${name}" of a row depends on other rows of the batch (phase "${phase.name}").`;
        throw violation(what, hint);
      }
    }
    const [a, b, c, d] = [before, after, pass(second(decisions)), pass(second(first))].map(({ loss }) => loss.data[0]!);
    if (Math.abs(a! - b! - c! + d!) < 1e-5 * Math.max(1, Math.abs(a!))) continue;
    const what = `The contribution of a row to the loss depends on other rows of the batch (phase "${phase.name}").`;
    throw violation(what, hint);
  }
}
