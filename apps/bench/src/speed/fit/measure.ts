import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Interactions } from '@lea/data';
import { startWorker, type Worker } from '../process.ts';
import { peerScript, workerScript } from '../scripts.ts';
import { writeEvents } from './log.ts';
import type { FitSettings } from './settings.ts';

/** What is measured. */
export interface TimedFit extends Omit<FitSettings, 'path'> {
  /** Validations without a new best after which an engine ends. */
  readonly patience: number;
  /** The Python with RecTools; undefined: only ours is measured. */
  readonly python: string | undefined;
}

/** One validation: the time of training so far, and the NDCG@10. */
export interface Point {
  readonly seconds: number;
  readonly value: number;
}

/** The training of one engine until it was no longer getting better. */
export interface FitMeasurement {
  readonly engine: 'lea' | 'rectools';
  /** The best validation NDCG@10. */
  readonly best: number;
  /** Seconds of training until then. */
  readonly seconds: number;
  readonly peakMemoryMB: number;
  readonly curve: readonly Point[];
  /** With a peer: the NDCG@10 that both reach, the lower of both bests. */
  readonly target?: number;
  /** Seconds of training until the target. */
  readonly targetSeconds?: number;
  /** Our seconds until the target divided by those of the peer. */
  readonly ratio?: number;
  readonly threads: number;
  readonly versions: Readonly<Record<string, string>>;
}

/**
 * Trains SASRec with our sampler of sequences, and with RecTools in turns, on the same log with the same sizes.
 *
 * @throws LeaError `E_WORKER`
 */
export async function measureFit(
  interactions: Interactions,
  { patience, python, ...settings }: TimedFit,
  say: (what: string) => void,
): Promise<FitMeasurement[]> {
  const folder = await mkdtemp(join(tmpdir(), 'lea-speed-'));
  const engines: Engine[] = [];
  try {
    const path = join(folder, 'log.csv');
    await writeEvents(path, interactions);
    engines.push({ name: 'lea', worker: await startOwn({ ...settings, path }), curve: [], peak: 0 });
    if (python !== undefined) {
      engines.push({
        name: 'rectools',
        worker: await startRectools({ ...settings, path }, python),
        curve: [],
        peak: 0,
      });
    }
    for (;;) {
      const open = engines.filter(({ curve }) => !hasEnded(curve, patience));
      if (open.length === 0) break;
      for (const engine of open) {
        const { losses, peakMemoryMB } = await engine.worker.round();
        const [value, ms] = losses as [number, number];
        engine.curve.push({ seconds: (engine.curve.at(-1)?.seconds ?? 0) + ms / 1000, value });
        engine.peak = peakMemoryMB;
        say(`${engine.name}: ${engine.curve.at(-1)!.seconds.toFixed(1)} s, validation NDCG@10 ${value.toFixed(4)}`);
      }
    }
    const target = Math.min(...engines.map(({ curve }) => bestOf(curve).value));
    const until = engines.map(({ curve }) => curve.find(({ value }) => value >= target)!.seconds);
    return engines.map(({ name, worker, curve, peak }, i) => ({
      engine: name,
      best: bestOf(curve).value,
      seconds: bestOf(curve).seconds,
      peakMemoryMB: Math.round(peak),
      curve,
      ...(python !== undefined && { target, targetSeconds: until[i]! }),
      ...(python !== undefined && name === 'lea' && { ratio: until[0]! / until[1]! }),
      threads: settings.threads,
      versions: worker.ready.versions,
    }));
  } finally {
    await Promise.all(engines.map(({ worker }) => worker.end()));
    await rm(folder, { recursive: true });
  }
}

interface Engine {
  readonly name: FitMeasurement['engine'];
  readonly worker: Worker;
  readonly curve: Point[];
  peak: number;
}

/** The first point with the highest value. */
export function bestOf(curve: readonly Point[]): Point {
  return curve.reduce((best, point) => (point.value > best.value ? point : best));
}

/** Whether as many validations as `patience` have passed since the best one. */
export function hasEnded(curve: readonly Point[], patience: number): boolean {
  return curve.length > 0 && curve.length - 1 - curve.indexOf(bestOf(curve)) >= patience;
}

function startOwn(settings: FitSettings): Promise<Worker> {
  const script = workerScript('speed/fit/worker');
  return startWorker(process.execPath, [...process.execArgv, script, JSON.stringify(settings)], 'Please report this.');
}

function startRectools(settings: FitSettings, python: string): Promise<Worker> {
  const hint = "The peer needs Python 3 with RecTools: pip install 'rectools[torch]', then --python PATH.";
  return startWorker(python, [peerScript('fit/rectools_fit.py'), JSON.stringify(settings)], hint);
}
