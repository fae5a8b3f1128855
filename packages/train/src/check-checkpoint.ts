import { show } from '@lea/core';
import { specsOf, type Values } from '@lea/tensor';
import type { CurvePoint, Progress } from './run-state.ts';

const COUNTS = ['phase', 'phaseStart', 'step', 'validated', 'waited', 'lossSteps'] as const;

/**
 * Describes what is wrong with stored progress; undefined when it is valid. An invalid step count would never reach its end.
 *
 * @param progress anything that JSON can hold @param phases of the agent
 */
export function progressProblem(progress: Partial<Progress> | null, phases: number): string | undefined {
  if (typeof progress !== 'object' || progress === null) return 'the progress of the run is missing';
  for (const name of COUNTS) {
    const count = progress[name];
    if (!Number.isSafeInteger(count) || count! < 0) return `${name} is ${show(count)}`;
  }
  const { phase, phaseStart, validated, step, lossSum, best, curve, finished, lastValue, cutPhase } =
    progress as Progress;
  if (phase >= phases) return `phase index ${phase} is out of range for ${phases} phases`;
  if (phaseStart > validated || validated > step)
    return `phaseStart ${phaseStart}, validated ${validated} and step ${step} are not in ascending order`;
  if (!Number.isFinite(lossSum)) return `lossSum is ${show(lossSum)}`;
  if (typeof finished !== 'boolean') return `finished is ${show(finished)}`;
  if (lastValue !== undefined && !Number.isFinite(lastValue)) return `lastValue is ${show(lastValue)}`;
  if (cutPhase !== undefined && typeof cutPhase !== 'string') return `cutPhase is ${show(cutPhase)}`;
  if (best !== null && !isPoint(best)) return `best is ${show(best)}`;
  return Array.isArray(curve) && curve.every(isPoint) ? undefined : `curve is ${show(curve)}`;
}

function isPoint(point: Partial<CurvePoint> | null): boolean {
  if (typeof point !== 'object' || point === null) return false;
  const { phase, step, loss, value } = point;
  return typeof phase === 'string' && [step, loss ?? 0, value].every(Number.isFinite);
}

/** Describes the first tensor that is missing, unexpected or of a different dtype or shape; undefined when all match. */
export function tensorsProblem(stored: Values, expected: Values): string | undefined {
  const [has, needs] = [specsOf(stored), specsOf(expected)];
  const form = (specs: typeof has, name: string): string =>
    specs[name] ? `${specs[name].dtype}[${specs[name].shape.join(', ')}]` : 'missing';
  const name = [...new Set([...Object.keys(needs), ...Object.keys(has)])].find((n) => form(has, n) !== form(needs, n));
  if (name === undefined) return undefined;
  if (!needs[name]) return `it contains the unexpected tensor "${name}"`;
  return `expected ${form(needs, name)} as "${name}", got ${form(has, name)}`;
}
