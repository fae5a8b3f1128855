import { loadTrial, type TrialRecord } from '../experiment/trial.ts';
import type { PlannedJob } from '../jobs/graph.ts';
import type { PlannedSearch } from './plan.ts';
import { bestFirst } from './rungs.ts';

/** What a search found. */
export interface Found {
  readonly planned: PlannedSearch;
  readonly methods: readonly FoundMethod[];
  /** Records of all trials and rungs that are finished, in the order of the plan. */
  readonly records: readonly TrialRecord[];
  /** Trials that are not finished. */
  readonly missing: readonly PlannedJob[];
}

/** What a search found for a run. */
export interface FoundMethod {
  readonly name: string;
  /** The best trial of the last rung by the validation metric; undefined while one is missing, or if all diverged. */
  readonly best: TrialRecord | undefined;
  /** Whether all trials are finished. */
  readonly isFinished: boolean;
  /** Whether the best trial stopped at its budget with its best validation at the end. */
  readonly isRising: boolean;
  /** Trials without a value. */
  readonly diverged: number;
  /** Steps of all trials, each as far as it went. */
  readonly steps: number;
  /** Working time of all trials and rungs. */
  readonly seconds: number;
}

/** Gathers what is finished. @throws LeaError `E_RUN_BROKEN` */
export async function foundBy(planned: PlannedSearch): Promise<Found> {
  const all: TrialRecord[] = [];
  const missing: PlannedJob[] = [];
  const methods: FoundMethod[] = [];
  for (const { name, rungs, maxSteps } of planned.methods) {
    const jobs = rungs.flat();
    const found = await Promise.all(jobs.map(loadTrial));
    const records = found.filter((record) => record !== undefined);
    missing.push(...jobs.filter((_, i) => found[i] === undefined));
    all.push(...records);
    const last = records.filter(({ rung }) => rung === rungs.length - 1).sort((a, b) => a.trial - b.trial);
    const [winner] = bestFirst(last.map(({ value }) => value)).map((i) => last[i]!);
    const isFinished = records.length === jobs.length;
    const furthest = new Map(records.map((record) => [record.trial, record]));
    const best = isFinished && winner!.value !== null ? winner : undefined;
    methods.push({
      name,
      best,
      isFinished,
      isRising: best !== undefined && best.steps === maxSteps[best.trial] && endsAtBest(best.curve),
      diverged: [...furthest.values()].filter(({ value }) => value === null).length,
      steps: [...furthest.values()].reduce((sum, { steps }) => sum + steps, 0),
      seconds: records.reduce((sum, { seconds }) => sum + seconds, 0),
    });
  }
  return { planned, methods, records: all, missing };
}

function endsAtBest(curve: TrialRecord['curve']): boolean {
  const last = curve.at(-1);
  return last !== undefined && curve.every((point) => point === last || point.value < last.value);
}
