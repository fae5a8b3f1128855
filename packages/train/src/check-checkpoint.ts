import { show } from '@lea/core';
import { specsOf, type Values } from '@lea/tensor';
import type { CurvePoint, Progress } from './run-state.ts';

const COUNTS = ['phase', 'phaseStart', 'step', 'validated', 'waited', 'lossSteps'] as const;

/**
 * What is wrong with stored progress, or undefined: a step that is none would never reach its end.
 *
 * @param progress anything that JSON can hold @param phases of the agent
 */
export function progressProblem(progress: Partial<Progress> | null, phases: number): string | undefined {
  if (typeof progress !== 'object' || progress === null) return 'it does not say where the run stands';
  for (const name of COUNTS) {
    const count = progress[name];
    if (!Number.isSafeInteger(count) || count! < 0) return `its ${name} is ${show(count)}`;
  }
  const { phase, phaseStart, validated, step, lossSum, best, curve, finished, lastValue, cutPhase } =
    progress as Progress;
  if (phase >= phases) return `it is in phase ${phase} of ${phases}`;
  if (phaseStart > validated || validated > step) return `its steps are ${phaseStart}, ${validated}, ${step}`;
  if (!Number.isFinite(lossSum)) return `its lossSum is ${show(lossSum)}`;
  if (typeof finished !== 'boolean') return `its finished is ${show(finished)}`;
  if (lastValue !== undefined && !Number.isFinite(lastValue)) return `its lastValue is ${show(lastValue)}`;
  if (cutPhase !== undefined && typeof cutPhase !== 'string') return `its cutPhase is ${show(cutPhase)}`;
  if (best !== null && !isPoint(best)) return `its best is ${show(best)}`;
  return Array.isArray(curve) && curve.every(isPoint) ? undefined : `its curve is ${show(curve)}`;
}

function isPoint(point: Partial<CurvePoint> | null): boolean {
  if (typeof point !== 'object' || point === null) return false;
  const { phase, step, loss, value } = point;
  return typeof phase === 'string' && [step, loss ?? 0, value].every(Number.isFinite);
}

/** The first tensor that is missing, too many or of another form; undefined when all are as expected. */
export function tensorsProblem(stored: Values, expected: Values): string | undefined {
  const [has, needs] = [specsOf(stored), specsOf(expected)];
  const form = (specs: typeof has, name: string): string =>
    specs[name] ? `${specs[name].dtype}[${specs[name].shape.join(', ')}]` : 'missing';
  const name = [...new Set([...Object.keys(needs), ...Object.keys(has)])].find((n) => form(has, n) !== form(needs, n));
  return name === undefined ? undefined : `"${name}" is ${form(has, name)}, not ${form(needs, name)}`;
}
