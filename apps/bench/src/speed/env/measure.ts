import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { differenceOf } from '../agreement.ts';
import { startWorker, type Worker } from '../process.ts';
import { peerScript, workerScript } from '../scripts.ts';
import type { Round } from '../settings.ts';
import { inTurns, type Ratio, ratioOf, type Timing, type Turns, timingOf } from '../turns.ts';
import { type EnvSettings, isTraining, LORA, RATES, type Task } from './settings.ts';
import type { Training } from './shapes.ts';
import { type ShapeName, shapes } from './shapes.ts';

/**
 * Measurement of one way to do a task. The line of our engine contains a ratio of times: for training with a peer, our time to
 * the peer's; for annotation, the time with one pass per history to the time with one pass per action.
 */
export interface EnvMeasurement extends Timing, Partial<Ratio> {
  readonly what: Task;
  readonly shape: ShapeName;
  readonly engine: 'lea' | 'torch' | 'lea, a pass per action';
  readonly batch: number;
  readonly length: number;
  /** Training: positions per second, from the median round. */
  readonly tokensPerSecond?: number;
  /** Annotation: histories per second, from the median round. */
  readonly statesPerSecond?: number;
  readonly threads: number;
  /** Whether idle threads spin. */
  readonly spinning: boolean;
  readonly stepsPerRound: number;
  /** The largest relative difference between the losses or rewards of both in their first rounds. */
  readonly difference?: number;
  readonly versions: Readonly<Record<string, string>>;
}

/**
 * Measures our process in turns with the one that it is compared with: PyTorch for training, our own with a pass per action
 * for annotation.
 *
 * @param python the Python with PyTorch; undefined: training is measured without a peer
 * @throws LeaError `E_WORKER`, `E_PEER_DIFFERS` if both compute different numbers
 */
export async function measureTask(
  settings: EnvSettings,
  rounds: number,
  python: string | undefined,
): Promise<EnvMeasurement[]> {
  const folder = mkdtempSync(join(tmpdir(), 'lea-speed-'));
  const workers: Worker[] = [];
  try {
    const { what } = settings;
    const peer = isTraining(what) ? python : undefined;
    const given = peer === undefined ? settings : { ...settings, start: join(folder, 'start.safetensors') };
    workers.push(await startOwn(given));
    if (!isTraining(what)) workers.push(await startOwn({ ...given, shared: false }));
    if (isTraining(what) && peer !== undefined) workers.push(await startTorch({ ...given, what }, peer));
    const taken = await inTurns(workers, rounds);
    const [own, other] = taken.map((turns, i) => lineOf(engineOf(i, settings), settings, turns.rounds, workers[i]!));
    if (!other) return [own!];
    const [ours, theirs] = taken as [Turns, Turns];
    const difference = differenceOf(ours.first.losses, theirs.first.losses, 'They should not: please report it.');
    return [other, { ...own!, ...ratioOf(ours.rounds, theirs.rounds), difference }];
  } finally {
    await Promise.all(workers.map((worker) => worker.end()));
    rmSync(folder, { recursive: true });
  }
}

function engineOf(worker: number, { what }: EnvSettings): EnvMeasurement['engine'] {
  if (worker === 0) return 'lea';
  return isTraining(what) ? 'torch' : 'lea, a pass per action';
}

function lineOf(
  engine: EnvMeasurement['engine'],
  { what, shape, batch, length, threads, spinning, steps }: EnvSettings,
  rounds: readonly Round[],
  { ready }: Worker,
): EnvMeasurement {
  const timing = timingOf(rounds);
  const perSecond = (count: number): number => Math.round((10_000 * count) / timing.msPerStep) / 10;
  const rate = isTraining(what)
    ? { tokensPerSecond: perSecond(batch * length) }
    : { statesPerSecond: perSecond(batch) };
  const sizes = {
    batch,
    length,
    threads,
    spinning: engine === 'torch' || (isTraining(what) && spinning),
    stepsPerRound: steps,
  };
  return { what, shape, engine, ...rate, ...timing, ...sizes, versions: ready.versions };
}

function startOwn(settings: EnvSettings): Promise<Worker> {
  const script = workerScript('speed/env/worker');
  return startWorker(process.execPath, [...process.execArgv, script, JSON.stringify(settings)], 'Try a smaller shape.');
}

function startTorch(settings: EnvSettings & { readonly what: Training }, python: string): Promise<Worker> {
  const hint =
    'The peer needs Python 3 with PyTorch: pip install torch, then --python PATH when it is not the python3 of the PATH.';
  const decoder = shapes[settings.shape].decoder;
  const { rank, alpha } = LORA;
  const given = { ...settings, decoder, lr: RATES[settings.what], scale: alpha / rank };
  return startWorker(python, [peerScript('env/torch_step.py'), JSON.stringify(given)], hint);
}
