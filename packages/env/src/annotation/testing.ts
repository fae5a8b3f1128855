/** Helpers of the tests of annotations: users whose rows fill two shards, and an environment of theirs. */
import type { Annotation, Transitions } from '@lea/data';
import { fitEnvironment } from '../fit/fit-environment.ts';
import type { Environment } from '../inference/environment.ts';
import { follow, rowsOf } from '../testing.ts';
import { annotate } from './annotate.ts';

// 4,500 rows: two shards.
export const users: number[][] = Array.from({ length: 450 }, (_, u) =>
  Array.from({ length: 10 }, (_, t) => (u * 3 + t * (1 + (u % 4))) % 15),
);
export const train: Transitions = rowsOf(users, 15);

export async function fitUsers(): Promise<Environment> {
  return await fitEnvironment({ train, width: 8, layers: 1, heads: 1, window: 5, epochs: 1, userShare: 0.1 });
}

/** The annotation of the rows, and the stages of its events. */
export async function annotatedBy(
  env: Environment,
  options: object,
): Promise<{ annotation: Annotation; stages: string[] }> {
  const stages: string[] = [];
  const work = annotate(env, train, { k: 3, ...options });
  const annotation = await follow(work, ({ stage }) => void stages.push(stage));
  return { annotation, stages };
}
