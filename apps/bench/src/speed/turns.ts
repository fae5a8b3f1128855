import type { Worker } from './process.ts';
import type { Round } from './settings.ts';

/** What rounds of one engine took. */
export interface Timing {
  /** Median over the rounds. */
  readonly msPerStep: number;
  readonly msPerStepMin: number;
  /** CPU time of all threads, median; with one thread the number that other jobs of the machine disturb least. */
  readonly cpuMsPerStep: number;
  readonly peakMemoryMB: number;
  readonly rounds: number;
}

/** One engine's time by another's. */
export interface Ratio {
  /** Median over the rounds, taken in turns. */
  readonly ratio: number;
  /** The shortest round by the shortest round. */
  readonly ratioMin: number;
  /** The middle half of the rounds' ratios. */
  readonly ratioQuartiles: readonly [number, number];
  /** Median CPU time of all threads by the other's: with one thread the ratio that other jobs disturb least. */
  readonly cpuRatio: number;
}

/** Rounds of one worker. */
export interface Turns {
  /** Warms caches and memory pools; its time says nothing. */
  readonly first: Round;
  readonly rounds: readonly Round[];
}

/** Rounds of every worker, taken in turns, so that all meet the same machine. */
export async function inTurns(workers: readonly Worker[], rounds: number): Promise<Turns[]> {
  const taken: { first: Round; rounds: Round[] }[] = [];
  for (const worker of workers) taken.push({ first: await worker.round(), rounds: [] });
  for (let i = 0; i < rounds; i++) {
    for (const [w, worker] of workers.entries()) taken[w]!.rounds.push(await worker.round());
  }
  return taken;
}

export function timingOf(rounds: readonly Round[]): Timing {
  const times = sorted(rounds.map((round) => round.ms));
  return {
    msPerStep: round3(quantile(times, 0.5)),
    msPerStepMin: round3(times[0]!),
    cpuMsPerStep: round3(quantile(sorted(rounds.map((round) => round.cpuMs)), 0.5)),
    peakMemoryMB: Math.round(Math.max(...rounds.map((round) => round.peakMemoryMB))),
    rounds: times.length,
  };
}

export function ratioOf(own: readonly Round[], others: readonly Round[]): Ratio {
  const ratios = sorted(own.map((round, i) => round.ms / others[i]!.ms));
  const least = (rounds: readonly Round[]): number => Math.min(...rounds.map((round) => round.ms));
  return {
    ratio: round3(quantile(ratios, 0.5)),
    ratioMin: round3(least(own) / least(others)),
    ratioQuartiles: [round3(quantile(ratios, 0.25)), round3(quantile(ratios, 0.75))],
    cpuRatio: round3(timingOf(own).cpuMsPerStep / timingOf(others).cpuMsPerStep),
  };
}

export function sorted(values: readonly number[]): number[] {
  return values.toSorted((a, b) => a - b);
}

/** With linear interpolation. */
export function quantile(ascending: readonly number[], share: number): number {
  const at = share * (ascending.length - 1);
  const low = ascending[Math.floor(at)]!;
  return low + (at % 1) * (ascending[Math.ceil(at)]! - low);
}

function round3(value: number): number {
  return Math.round(value * 1000) / 1000;
}
