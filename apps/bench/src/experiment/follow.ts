import type { Progress, Task } from '@lea/core';
import type { EnvironmentEvent } from '@lea/env';
import type { Context } from './context.ts';
import { sayMemory } from './say-memory.ts';

type Details = Pick<EnvironmentEvent, 'metrics' | 'note' | 'memoryBytes'>;

/**
 * The result of a task; shows how far it is.
 *
 * @param stages gets the last metrics of each stage @param onEvent gets every event
 */
export async function follow<T, E extends Progress>(
  work: Task<T, E>,
  { progress }: Pick<Context, 'progress'>,
  stages: Record<string, unknown> = {},
  onEvent?: (event: E) => Promise<void>,
): Promise<T> {
  for await (const event of work) {
    const { done, total, unit, metrics, note, memoryBytes } = event as Progress & Details;
    const stage = titleOf(event);
    progress.at({ step: done, total, stage, unit });
    if (note) progress.say(note);
    sayMemory(progress, stage, memoryBytes);
    if (metrics) stages[stage] = { step: done, ...metrics };
    await onEvent?.(event);
  }
  return work;
}

/** Title of a stage; each fold of a cross-fit has its own. */
function titleOf({ stage, fold }: Progress & Pick<EnvironmentEvent, 'fold'>): string {
  const title = stage.replaceAll('-', ' ');
  return fold ? `${title}, fold ${fold.number} of ${fold.of}` : title;
}
