import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { differenceOf } from '../agreement.ts';
import { startWorker, type Worker } from '../process.ts';
import { peerScript, workerScript } from '../scripts.ts';
import { inTurns, type Ratio, ratioOf, type Timing, timingOf } from '../turns.ts';
import type { EvalSettings } from './settings.ts';

/** The measurement of one engine. A step is a batch; the ratio is our time divided by the peer's. */
export interface EvalMeasurement extends Timing, Partial<Ratio> {
  readonly engine: 'lea' | 'torch';
  readonly scorer: EvalSettings['scorer'];
  readonly items: number;
  readonly batch: number;
  readonly threads: number;
  /** Median CPU time of all threads per ranked event. */
  readonly cpuMicrosecondsPerEvent: number;
  /** Largest relative difference of the mean ranks of a batch, with a peer. */
  readonly difference?: number;
  readonly versions: Readonly<Record<string, string>>;
}

/**
 * Evaluates a scorer. Our process and the peer's take turns after each round.
 *
 * @param python the Python with PyTorch; undefined: only ours is measured
 * @throws LeaError `E_WORKER`, `E_PEER_DIFFERS` if the ranks differ
 */
export async function measureEvaluation(
  settings: EvalSettings,
  rounds: number,
  python: string | undefined,
): Promise<EvalMeasurement[]> {
  const folder = await mkdtemp(join(tmpdir(), 'lea-speed-'));
  const shared = python === undefined ? settings : { ...settings, start: join(folder, 'start.safetensors') };
  const workers: [EvalMeasurement['engine'], Worker][] = [];
  try {
    workers.push(['lea', await startOwn(shared)]);
    if (python !== undefined) workers.push(['torch', await startTorch(shared, python)]);
    const taken = await inTurns(
      workers.map(([, worker]) => worker),
      rounds,
    );
    const [own, torch] = taken;
    const compared = torch && {
      ...ratioOf(own!.rounds, torch.rounds),
      difference: differenceOf(
        own!.first.losses,
        torch.first.losses,
        'Both should give the same ranks: please report it.',
      ),
    };
    const { scorer, items, batch, threads } = settings;
    return workers.map(([engine, { ready }], i) => {
      const timing = timingOf(taken[i]!.rounds);
      return {
        engine,
        scorer,
        items,
        batch,
        ...timing,
        cpuMicrosecondsPerEvent: Math.round((10_000 * timing.cpuMsPerStep) / batch) / 10,
        ...(engine === 'lea' && compared),
        threads,
        versions: ready.versions,
      };
    });
  } finally {
    await Promise.all(workers.map(([, worker]) => worker.end()));
    await rm(folder, { recursive: true, force: true });
  }
}

function startOwn(settings: EvalSettings): Promise<Worker> {
  const script = workerScript('speed/eval/worker');
  return startWorker(process.execPath, [...process.execArgv, script, JSON.stringify(settings)], 'Try fewer items.');
}

function startTorch(settings: EvalSettings, python: string): Promise<Worker> {
  const hint =
    'The peer needs Python 3 with PyTorch: pip install torch, then --python PATH when it is not the python3 of the PATH.';
  return startWorker(python, [peerScript('eval/torch_ranks.py'), JSON.stringify(settings)], hint);
}
