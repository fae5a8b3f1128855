import { type ActionAt, type CheckOptions, type Report, rejects, textOf } from './checking.ts';
import type { StepEnvironment } from './types.ts';

/** A fork plays the same episodes and disturbs nobody; what is out of order is refused. */
export async function checkForks(
  environment: Pick<StepEnvironment, 'reset' | 'step'> & Partial<Pick<StepEnvironment, 'fork'>>,
  { seed }: CheckOptions,
  actionAt: ActionAt,
  report: Report,
): Promise<void> {
  const fork = environment.fork?.();
  if (!fork) {
    for (const rule of ['fork', 'order']) report(rule, 'There is no fork, which serveEnvironment needs.', true);
    return;
  }
  if (!(await rejects(() => fork.step(actionAt(0))))) report('order', 'A step before the first reset must be refused.');
  const [resets, steps] = [
    [await environment.reset({ seed }), await fork.reset({ seed })],
    [await environment.step(actionAt(0)), await fork.step(actionAt(0))],
  ].map(([own, other]) => textOf(own) === textOf(other));
  if (!resets || !steps) {
    report('fork', `With the seed ${seed}, a fork plays another episode beside it. Share the model and nothing else.`);
  }
  await fork.reset({ seed });
  const both = await Promise.all([0, 1].map((step) => rejects(() => fork.step(actionAt(step)))));
  if (!both[1])
    report('order', 'A step beside an unfinished one must be refused: it would begin from a history of before.');
  await fork.dispose();
  if (!(await rejects(() => fork.step(actionAt(0))))) report('order', 'A step after dispose must be refused.');
}
