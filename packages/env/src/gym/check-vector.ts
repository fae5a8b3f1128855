import { type ActionAt, type CheckOptions, patienceFor, type Report, textOf } from './checking.ts';
import { sizeOf } from './spaces.ts';
import type { StepEnvironment, VectorStepEnvironment } from './types.ts';

type Checked = Pick<StepEnvironment, 'observationSpace' | 'horizon'> &
  Partial<Pick<StepEnvironment, 'fork' | 'vectorize'>>;

/** Checks that two vectorized episodes equal those of two forks, including the reset after an end. */
export async function checkVector(
  environment: Checked,
  o: CheckOptions,
  actionAt: ActionAt,
  report: Report,
): Promise<void> {
  if (!environment.vectorize || !environment.fork) {
    const what = environment.fork ? 'vectorize, which rollout needs' : 'fork, which this check needs';
    for (const rule of ['vectorize', 'autoreset']) report(rule, `The environment has no method ${what}.`, true);
    return;
  }
  const many = environment.vectorize(2);
  if (many.size !== 2 || many.autoresetMode !== 'next-step') {
    report('vectorize', 'vectorize(2) must have size: 2 and autoresetMode: "next-step".');
  }
  const forks = [environment.fork(), environment.fork()];
  await sideBySide(environment, many, forks, o, actionAt, report);
  for (const one of [many, ...forks]) await one.dispose();
}

async function sideBySide(
  { observationSpace, horizon }: Checked,
  many: VectorStepEnvironment,
  forks: readonly StepEnvironment[],
  { seed, steps }: CheckOptions,
  actionAt: ActionAt,
  report: Report,
): Promise<void> {
  const width = sizeOf(observationSpace);
  /** The result of one row as a string. */
  const rowOf = (i: number, observations: ArrayLike<number>, ...columns: readonly ArrayLike<unknown>[]): string =>
    textOf([Array.from(observations).slice(i * width, (i + 1) * width), ...columns.map((column) => column[i])]);

  const { observations, infos } = await many.reset({ seed });
  for (const [i, fork] of forks.entries()) {
    const { observation, info } = await fork.reset({ seed: seed + i });
    if (rowOf(i, observations, infos) === rowOf(0, observation, [info])) continue;
    report(
      'vectorize',
      `After reset({ seed: ${seed} }), row ${i} of vectorize(2) differs from a fork after reset({ seed: ${seed + i} }).`,
    );
    return;
  }
  const over = [false, false];
  const most = patienceFor(horizon, steps);
  let again = false;
  for (let step = 0; step < most && (step < steps || !again); step++) {
    const actions = [actionAt(2 * step), actionAt(2 * step + 1)];
    const offered = actions.flatMap((action) => (typeof action === 'number' ? action : Array.from(action)));
    const told = await many.step(offered);
    for (const [i, fork] of forks.entries()) {
      const { observation, reward, terminated, truncated, info } = over[i]
        ? { ...(await fork.reset()), reward: 0, terminated: false, truncated: false }
        : await fork.step(actions[i]!);
      const expected = rowOf(0, observation, [reward], [terminated], [truncated], [info]);
      if (rowOf(i, told.observations, told.rewards, told.terminated, told.truncated, told.infos) !== expected) {
        const what = `Row ${i} in step ${step + 1} of vectorize(2)`;
        if (over[i]) report('autoreset', `${what} must start the next episode like reset(), with reward 0.`);
        else report('vectorize', `${what} differs from the step of a fork with seed ${seed + i}.`);
        return;
      }
      again ||= over[i]!;
      over[i] = terminated || truncated;
    }
  }
  if (!again) report('autoreset', `No vectorized episode ended within ${most} steps. Increase steps.`, true);
}
