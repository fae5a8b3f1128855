import type { Agent } from '@lea/agents';
import { fold, key } from '@lea/core';
import type { TrainEventDetails } from './events.ts';
import type { Plan } from './options.ts';
import type { CurvePoint, Ending, RunState } from './run-state.ts';
import { copied, initialState, withoutSlots, withSlots } from './steps/state.ts';

/** The run before its first step: each network has its own initial weights, or all have the weights of a trained policy. */
export function initialRun({ agent, seed, networks, shape, text, warmStart }: Plan): RunState {
  const root = fold(key(seed), 'weights');
  const started = Array.from({ length: networks }, (_, i) =>
    withSlots(
      agent.phases[0]!,
      initialState(agent, warmStart ? copied(warmStart.params) : agent.init(fold(root, i + 1), shape, text)),
    ),
  );
  const progress = {
    ...phaseStart(0, 0),
    curve: [],
    finished: false,
  };
  return { progress, networks: started, best: [] };
}

/** The current phase of a run. */
export function phaseOf(plan: Plan, run: RunState): Agent['phases'][number] {
  return plan.agent.phases[run.progress.phase]!;
}

/** The maximum number of steps of a phase. */
function phaseSteps(plan: Plan, run: RunState): number {
  const { steps } = phaseOf(plan, run);
  return Math.min(plan.maxSteps, steps === 'early-stopping' ? Number.POSITIVE_INFINITY : steps);
}

/** Whether a phase has done all its steps and validated the last one, or has stopped improving. */
export function phaseEnded(plan: Plan, run: RunState): boolean {
  const { waited, step, validated, phaseStart } = run.progress;
  if (phaseOf(plan, run).steps === 'early-stopping' && waited >= plan.patience) return true;
  return validated === step && step - phaseStart >= phaseSteps(plan, run);
}

/** The earliest step at which the run can end: the one reached if no validation improves from now on. */
export function earliestEnd(plan: Plan, run: RunState): number {
  const { phaseStart, validated, best, waited } = run.progress;
  // The first validation always counts as an improvement.
  const unimproved = (plan.patience + 1) * plan.evaluateEvery;
  const now = best === null ? unimproved : validated - phaseStart + (plan.patience - waited) * plan.evaluateEvery;
  return endOf(plan, run, now, unimproved);
}

/** The latest step at which the run can end: the one reached if every validation improves. */
export function latestEnd(plan: Plan, run: RunState): number {
  return endOf(plan, run, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY);
}

/** @param now steps of early stopping in the current phase, and `later` in each phase after it */
function endOf(plan: Plan, { progress }: RunState, now: number, later: number): number {
  const { phase, phaseStart, step, finished } = progress;
  if (finished) return step;
  return plan.agent.phases.slice(phase).reduce((sum, { steps }, i) => {
    const patient = i === 0 ? now : later;
    return sum + Math.min(plan.maxSteps, steps === 'early-stopping' ? patient : steps);
  }, phaseStart);
}

/** The reason why the current phase, the last one, ended. */
export function ending(plan: Plan, run: RunState): Ending {
  const { steps } = phaseOf(plan, run);
  const { step, phaseStart, waited } = run.progress;
  const done = step - phaseStart;
  if (steps !== 'early-stopping') return done < steps ? 'maxSteps' : 'steps';
  const isOnTime = done % plan.evaluateEvery === 0;
  return waited >= plan.patience && (isOnTime || done < plan.maxSteps) ? 'patience' : 'maxSteps';
}

/**
 * Prepares a saved run for continuing.
 *
 * @param raised whether `maxSteps` is larger than when the run was saved; a phase that `maxSteps` ended then continues
 */
export function resumedRun(plan: Plan, saved: RunState, raised: boolean): RunState {
  const { lastValue, ...progress } = saved.progress;
  const run: RunState = { ...saved, progress };
  if (lastValue !== undefined) {
    return raised ? run : nextPhase(plan, validatedRun(plan, run, { [plan.metric]: lastValue })[0]);
  }
  return raised && !phaseEnded(plan, run) ? { ...run, progress: { ...progress, finished: false } } : run;
}

/** Whether the run must be validated before its next step. */
export function validationDue(plan: Plan, run: RunState): boolean {
  const { step, validated, phaseStart, curve } = run.progress;
  if (step === 0) return plan.warmStart !== undefined && curve.length === 0;
  const done = step - phaseStart;
  return step > validated && (done % plan.evaluateEvery === 0 || done === phaseSteps(plan, run));
}

/** The number of steps from `step` on that one call may do: at most up to the next validation. */
export function chunkSteps(plan: Plan, run: RunState, step: number): number {
  const done = step - run.progress.phaseStart;
  const all = phaseSteps(plan, run);
  return Math.min(plan.chunk, plan.evaluateEvery - (done % plan.evaluateEvery), all - (done % all));
}

/** The run after a validation of its current networks, and the event that reports it. */
export function validatedRun(
  plan: Plan,
  run: RunState,
  metrics: Record<string, number>,
): [RunState, TrainEventDetails] {
  const { progress } = run;
  const value = metrics[plan.metric]!;
  const { step, lossSum, lossSteps } = progress;
  const point: CurvePoint = {
    phase: phaseOf(plan, run).name,
    step,
    loss: lossSteps > 0 ? lossSum / lossSteps : null,
    value,
  };
  const improved = progress.best === null || value > progress.best.value;
  const best = improved ? point : progress.best!;
  const waited = improved ? 0 : progress.waited + 1;
  const curve = [...progress.curve, point];
  const validated: RunState = {
    ...run,
    progress: { ...progress, validated: step, best, waited, curve, lossSum: 0, lossSteps: 0 },
    best: improved ? run.networks.map((network) => copied(withoutSlots(network))) : run.best,
  };
  const isBetween = (step - progress.phaseStart) % plan.evaluateEvery !== 0;
  return [
    isBetween && ending(plan, validated) === 'maxSteps' ? { ...validated, beforeLast: run } : validated,
    { type: 'validation', ...point, metrics, improved, best, patienceLeft: plan.patience - waited },
  ];
}

/**
 * The run after the end of a phase: finished, or at the start of the next phase. The next phase starts from the networks of
 * the best validation or of the last step (`start` of the phase), with fresh optimizer slots and its own best validation.
 */
export function nextPhase(plan: Plan, run: RunState): RunState {
  const { phase, step, curve } = run.progress;
  const cutPhase = run.progress.cutPhase ?? (ending(plan, run) === 'maxSteps' ? phaseOf(plan, run).name : undefined);
  const following = plan.agent.phases[phase + 1];
  if (!following) return { ...run, progress: { ...run.progress, finished: true } };
  return {
    progress: { ...phaseStart(phase + 1, step), curve, finished: false, ...(cutPhase !== undefined && { cutPhase }) },
    networks: (following.start === 'best' ? run.best : run.networks).map((network) => withSlots(following, network)),
    best: [],
  };
}

function phaseStart(phase: number, step: number) {
  return { phase, phaseStart: step, step, validated: step, best: null, waited: 0, lossSum: 0, lossSteps: 0 };
}
