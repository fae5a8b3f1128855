import type { Phase } from '@lea/agents';
import { historyWindows, itemsBefore } from '@lea/data';
import { averages } from '@lea/eval';
import {
  allExcept,
  type Program,
  type ProgramSpecs,
  pick,
  prefixed,
  prepare,
  type Runner,
  specsOf,
  targetRanks,
  type Values,
} from '@lea/tensor';
import type * as tf from '@tensorflow/tfjs-core';
import { CUTOFFS } from './metric.ts';
import type { Plan } from './options.ts';
import { frozenScoring } from './steps/feeds.ts';
import { diverged } from './steps/health.ts';

/**
 * Metrics of a network's parameters on the validation events; rejects with the signal's reason when it aborts.
 *
 * @param at the current step and phase, for errors
 */
type Validator = (params: Values, at: { step: number; phase: Phase }) => Promise<Record<string, number>>;

/** Number of scores per call: enough rows for efficient matrix products, without score matrices of hundreds of megabytes. */
const SCORES_PER_CALL = 2 ** 22;

/**
 * Ranks the whole catalog for every validation event, as `evaluate` of @lea/eval does, but counts the better items inside the
 * program, so that the scores never leave it. It is prepared once for all validations of a run. The caller disposes the runner.
 *
 * @throws LeaError `E_TRAIN_DIVERGED` from the validator, when a score is NaN
 */
export async function createValidator(plan: Plan, params: Values): Promise<{ validate: Validator; runner: Runner }> {
  const { window, shape, validation, exclude, signal } = plan;
  const { sequences, count, event } = validation;
  const batch = Math.min(count, Math.max(16, Math.min(256, Math.floor(SCORES_PER_CALL / shape.items))));
  const fixed = frozenScoring(plan);
  const specs: ProgramSpecs = {
    inputs: {
      items: { dtype: 'int32', shape: [batch, window] },
      length: { dtype: 'int32', shape: [batch] },
      target: { dtype: 'int32', shape: [batch] },
      ...(exclude === 'seen' && { counted: { dtype: 'bool', shape: [batch, shape.items] } }),
    },
    frozen: specsOf({ ...fixed, ...prefixed('params/', params) }),
  };
  const runner = await prepare(rankingProgram(plan), specs, { ...plan, mode: 'direct' });
  const target = Int32Array.from(event, (e) => sequences.items[e]!);
  const kind = Uint8Array.from(event, (e) => sequences.kind[e]!);

  const validate: Validator = async (current, { step, phase }) => {
    const frozen = { ...fixed, ...prefixed('params/', current) };
    const ranks = new Int32Array(count);
    for (let next = 0; next < count; next += batch) {
      signal?.throwIfAborted();
      // The program's batch size is fixed, so the last batch includes rows that have been ranked already.
      const start = Math.min(next, count - batch);
      const rows = Int32Array.from({ length: batch }, (_, i) => start + i);
      const { items, length } = historyWindows(validation, rows, window);
      const excluded = exclude === 'seen' && Array.from(rows, (row) => itemsBefore(validation, row));
      const { outputs } = await runner.run({
        inputs: {
          items: { dtype: 'int32', shape: [batch, window], data: items },
          length: { dtype: 'int32', shape: [batch], data: length.map((n) => Math.max(1, n)) },
          target: { dtype: 'int32', shape: [batch], data: target.subarray(start, start + batch) },
          ...(excluded && { counted: allExcept(excluded, batch, shape.items) }),
        },
        frozen,
      });
      if (outputs.ranks!.data.includes(0)) {
        throw diverged(step, phase, plan, 'loss', 'validation gave items the score NaN', Number.NaN);
      }
      ranks.set(outputs.ranks!.data, start);
    }
    return averages(ranks, kind, sequences.kinds, CUTOFFS);
  };
  return { validate, runner };
}

function rankingProgram({ agent }: Plan): Program {
  return ({ inputs, frozen }) => {
    const { items, length, target, counted } = inputs as Record<'items' | 'length' | 'target', tf.Tensor> & {
      counted?: tf.Tensor;
    };
    const shared = Object.fromEntries(Object.entries(frozen).filter(([name]) => !name.startsWith('params/')));
    const scores = agent.score(pick('params/', frozen), { items, length }, shared);
    return { state: {}, outputs: { ranks: targetRanks(scores, target, counted) } };
  };
}
