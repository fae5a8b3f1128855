import { type AnnotationColumns, historyWindows, type Transitions } from '@lea/data';
import type { Environment } from '../inference/environment.ts';
import { type PositiveRule, positivesOf } from '../inference/positives.ts';

/** Options for the annotation of a row. */
export interface RowQuestions extends PositiveRule {
  readonly k: number;
  readonly window: number;
  readonly excludeSeen: boolean;
  readonly pessimism: number;
}

/** Annotates the rows `from`..`to - 1` and writes the results to the columns, from row `at` on. */
export async function annotateRows(
  env: Environment,
  transitions: Transitions,
  [from, to]: readonly [number, number],
  o: RowQuestions,
  columns: AnnotationColumns,
  at: number,
): Promise<void> {
  const { k, rankBy, shortlist, popularityCorrection, pessimism } = o;
  const size = to - from;
  const some = Int32Array.from({ length: size }, (_, i) => from + i);
  const windows = historyWindows(transitions, some, o.window);
  const logged = some.map((row) => transitions.sequences.items[transitions.event[row]!]!);
  const encoded = await env.encode(windows);
  const exclude = Array.from(logged, (item, i) => {
    if (!o.excludeSeen) return [item];
    return [item, ...windows.items.subarray(i * o.window, i * o.window + windows.length[i]!)];
  });
  const best = await positivesOf(env, encoded, k, { rankBy, shortlist, popularityCorrection, pessimism, exclude });
  const actions = new Int32Array(size * (k + 1));
  for (let i = 0; i < size; i++) {
    actions[i * (k + 1)] = logged[i]!;
    actions.set(best.items.subarray(i * k, (i + 1) * k), i * (k + 1) + 1);
  }
  const rewards = await env.rewardsEncoded(encoded, actions, { pessimism });
  for (let i = 0; i < size; i++) {
    columns.reward[at + i] = rewards[i * (k + 1)]!;
    columns.positiveRewards.set(rewards.subarray(i * (k + 1) + 1, (i + 1) * (k + 1)), (at + i) * k);
  }
  columns.positives.set(best.items, at * k);
  columns.logits.set(best.logits, at * k);
  columns.state?.set(encoded.state, at * env.stateSize);
}
