import type { Progress as EnvironmentProgress } from '@lea/env';
import type { Context } from './context.ts';

/**
 * Drains a generator of progress, showing it.
 *
 * @param stages gets the last metrics of each stage @param onProgress gets every step
 */
export async function follow<T>(
  work: AsyncGenerator<EnvironmentProgress, T>,
  { progress }: Pick<Context, 'progress'>,
  stages: Record<string, unknown> = {},
  onProgress?: (progress: EnvironmentProgress) => Promise<void>,
): Promise<T> {
  for (;;) {
    const { done, value } = await work.next();
    if (done) return value;
    const { stage, step, total, metrics } = value;
    progress.at({ step, total, stage });
    if (metrics) stages[stage] = { step, ...metrics };
    await onProgress?.(value);
  }
}
