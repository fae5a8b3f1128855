import type { Worker } from './process.ts';
import type { Round } from './settings.ts';

/** Time and memory of the rounds of one engine. */
export interface Timing {
  /** Median over the rounds. */
  readonly msPerStep: number;
  readonly msPerStepMin: number;
  /** Median CPU time of all threads. With one thread, other jobs on the machine affect this number least. */
  readonly cpuMsPerStep: number;
  readonly peakMemoryMB: number;
  readonly rounds: number;
}

/** Ratio of the times of two engines. */
export interface Ratio {
  /** Median over the pairs of rounds. */
  readonly ratio: number;
  /** Ratio of the shortest rounds. */
  readonly ratioMin: number;
  /** Lower and upper quartile over the pairs of rounds. */
  readonly ratioQuartiles: readonly [number, number];
  /** Ratio of the median CPU times of all threads. With one thread, other jobs affect this ratio least. */
  readonly cpuRatio: number;
}

/** Rounds of one worker. */
export interface Turns {
  /** Fills caches and memory pools, so its time is not counted. */
  readonly first: Round;
  readonly rounds: readonly Round[];
}

/** Runs rounds of all workers in turns, so that the load of the machine affects all of them. */
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

/** Quantile with linear interpolation. */
export function quantile(ascending: readonly number[], share: number): number {
  const at = share * (ascending.length - 1);
  const low = ascending[Math.floor(at)]!;
  return low + (at % 1) * (ascending[Math.ceil(at)]! - low);
}

function round3(value: number): number {
  return Math.round(value * 1000) / 1000;
}
