import type { Point } from './spaces.ts';

/** A rule of the contract that an environment violates, or that could not be checked. */
export interface Problem {
  /**
   * The rule: `space`, `reset`, `step`, `observation`, `determinism`, `horizon`, `end`, `action`, `json`, `fork`, `order`
   * (steps before a reset, during another step and after dispose are rejected), `vectorize`, `autoreset` or `throws`.
   */
  readonly rule: string;
  /** The fault, its place, and how to fix it. */
  readonly message: string;
  /** true if the rule could not be checked. */
  readonly unchecked?: true;
}

/** Records a problem; only the first of each rule is kept. */
export type Report = (rule: string, message: string, unchecked?: true) => void;

/** Options of `checkEnvironment`. */
export interface CheckOptions {
  /**
   * Number of steps with random actions in each part of the check, or up to 20 times as many to reach the end of an episode.
   * Higher: finds rarer mistakes and reaches longer horizons. Default: 50.
   */
  readonly steps: number;
  /** Seed of actions and episodes. Default: 0. */
  readonly seed: number;
  /** Aborts before the next step with the signal's reason. Default: none. */
  readonly signal: AbortSignal | undefined;
}

/** The random action of a step. */
export type ActionAt = (step: number) => Point;

/** Maximum number of steps to reach the end of an episode; fewer if the horizon is out of reach anyway. */
export function patienceFor(horizon: number, steps: number): number {
  return horizon > 20 * steps ? steps : 20 * steps;
}

/** Whether an asynchronous function throws. */
export async function rejects(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return false;
  } catch {
    return true;
  }
}

/** Converts a value to a string for comparison, distinguishing NaN and infinities. */
export function textOf(value: unknown): string {
  return JSON.stringify(value, (_, v) => {
    if (ArrayBuffer.isView(v)) return Array.from(v as Float32Array, String);
    if (typeof v === 'number' && !Number.isFinite(v)) return `number ${v}`;
    return typeof v === 'function' || typeof v === 'bigint' || v === undefined ? `${typeof v} ${v}` : v;
  });
}

/** Whether JSON preserves a value. */
export function survivesJson(value: unknown): boolean {
  try {
    return textOf(JSON.parse(JSON.stringify(value))) === textOf(value);
  } catch {
    return false;
  }
}
