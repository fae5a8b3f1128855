import { type ActionAt, type CheckOptions, type Report, rejects, textOf } from './checking.ts';
import type { StepEnvironment } from './types.ts';

/** Checks that a fork plays the same episodes independently, and that calls out of order are rejected. */
export async function checkForks(
  environment: Pick<StepEnvironment, 'reset' | 'step'> & Partial<Pick<StepEnvironment, 'fork'>>,
  { seed }: CheckOptions,
  actionAt: ActionAt,
  report: Report,
): Promise<void> {
  const fork = environment.fork?.();
  if (!fork) {
    for (const rule of ['fork', 'order'])
      report(rule, 'The environment has no method fork, which serveEnvironment needs.', true);
    return;
  }
  if (!(await rejects(() => fork.step(actionAt(0)))))
    report('order', 'A step before the first reset must be rejected.');
  const [resets, steps] = [
    [await environment.reset({ seed }), await fork.reset({ seed })],
    [await environment.step(actionAt(0)), await fork.step(actionAt(0))],
  ].map(([own, other]) => textOf(own) === textOf(other));
  if (!resets || !steps) {
    report(
      'fork',
      `With seed ${seed}, a fork plays another episode than its original. Share only the model between forks.`,
    );
  }
  await fork.reset({ seed });
  const both = await Promise.all([0, 1].map((step) => rejects(() => fork.step(actionAt(step)))));
  if (!both[1])
    report('order', 'A step during an unfinished step must be rejected, because the history is not up to date yet.');
  await fork.dispose();
  if (!(await rejects(() => fork.step(actionAt(0))))) report('order', 'A step after dispose must be rejected.');
}
