import type { Point } from './spaces.ts';

/** A part of the contract that an environment breaks, or that could not be looked at. */
export interface Problem {
  /**
   * Which part: `space`, `reset`, `step`, `observation`, `determinism`, `horizon`, `end`, `action`, `json`, `fork`, `order`
   * (what is refused before a reset, beside an unfinished step and after dispose), `vectorize`, `autoreset`, or `throws`.
   */
  readonly rule: string;
  /** What was seen, where, and what to do. */
  readonly message: string;
  /** Nothing wrong was seen: there was no occasion to look. */
  readonly unchecked?: true;
}

/** Collects problems, the first of each rule. */
export type Report = (rule: string, message: string, unchecked?: true) => void;

export interface CheckOptions {
  /**
   * Steps taken with random actions in each part of the check (default 50), and up to 20 times as many where ends of
   * episodes are waited for. More: rare mistakes and longer horizons are seen.
   */
  readonly steps: number;
  /** Seed of the actions and of the episodes (default 0). */
  readonly seed: number;
  /** Stops before the next step with the signal's own reason. */
  readonly signal: AbortSignal | undefined;
}

/** The action of a step of the check. */
export type ActionAt = (step: number) => Point;

/** Most steps in which an end is waited for; a horizon that is too far away is not. */
export function patienceFor(horizon: number, steps: number): number {
  return horizon > 20 * steps ? steps : 20 * steps;
}

export async function rejects(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return false;
  } catch {
    return true;
  }
}

/** Equal values, equal texts; NaN and its like are told apart. */
export function textOf(value: unknown): string {
  return JSON.stringify(value, (_, v) => {
    if (ArrayBuffer.isView(v)) return Array.from(v as Float32Array, String);
    if (typeof v === 'number' && !Number.isFinite(v)) return `number ${v}`;
    return typeof v === 'function' || typeof v === 'bigint' || v === undefined ? `${typeof v} ${v}` : v;
  });
}

/** Whether a value comes back from JSON as it was. */
export function survivesJson(value: unknown): boolean {
  try {
    return textOf(JSON.parse(JSON.stringify(value))) === textOf(value);
  } catch {
    return false;
  }
}
