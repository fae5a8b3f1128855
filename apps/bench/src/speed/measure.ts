import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAgent } from '@lea/agents';
import { differenceOf } from './agreement.ts';
import { checkPeer, type PeerOptions, startTorch } from './peer.ts';
import { startWorker, type Worker } from './process.ts';
import { workerScript } from './scripts.ts';
import type { Round, StepSettings } from './settings.ts';
import { inTurns, type Ratio, ratioOf, type Timing, timingOf } from './turns.ts';

/** Measurement of one engine. With a peer, the line of our engine contains the ratio of our time to the peer's. */
export interface Measurement extends Timing, Partial<Ratio> {
  readonly engine: 'lea' | 'torch';
  /** Name of the agent's last phase, whose step is measured. */
  readonly phase: string;
  readonly items: number;
  readonly batch: number;
  readonly threads: number;
  readonly window: number;
  readonly stepsPerRound: number;
  readonly versions: Readonly<Record<string, string>>;
}

type Engine = Measurement['engine'];

/**
 * Measures one step. Our process and the peer's take turns after each round, so that the load of the machine affects both.
 *
 * @throws LeaError `E_PEER_UNSUPPORTED`, `E_WORKER`
 */
export async function measureStep(settings: StepSettings, rounds: number, peer?: PeerOptions): Promise<Measurement[]> {
  return await withWorkers(settings, peer, async (workers) => {
    const taken = await inTurns(
      workers.map(([, worker]) => worker),
      rounds,
    );
    const lines = workers.map(([engine, worker], i) => lineOf(engine, settings, taken[i]!.rounds, worker));
    const [own, torch] = lines;
    return torch ? [torch, { ...own!, ...ratioOf(taken[0]!.rounds, taken[1]!.rounds) }] : lines;
  });
}

/**
 * Trains one round with both engines from the same weights on the same batches, and compares the losses of every step.
 *
 * @returns the largest relative difference
 * @throws LeaError `E_PEER_UNSUPPORTED`, `E_WORKER`, `E_PEER_DIFFERS`
 */
export async function verifyPeer(settings: StepSettings, peer: PeerOptions): Promise<number> {
  const fed = { ...settings, fedNegatives: true };
  return await withWorkers(fed, peer, async ([own, torch]) => {
    const losses = [(await own![1].round()).losses, (await torch![1].round()).losses] as const;
    return differenceOf(...losses, 'Their dropout masks differ always: verify with --dropout 0.');
  });
}

/** Starts our worker, and the peer from the weights and batches that our worker writes. Ends both after `use`. */
async function withWorkers<T>(
  settings: StepSettings,
  peer: PeerOptions | undefined,
  use: (workers: readonly (readonly [Engine, Worker])[]) => Promise<T>,
): Promise<T> {
  if (!peer) {
    const own = await startOwn(settings);
    return await use([['lea', own]]).finally(() => own.end());
  }
  checkPeer(settings.agent);
  const folder = mkdtempSync(join(tmpdir(), 'lea-speed-'));
  const shared = { ...settings, start: join(folder, 'start.safetensors') };
  const workers: [Engine, Worker][] = [];
  try {
    workers.push(['lea', await startOwn(shared)]);
    workers.push(['torch', await startTorch(shared, peer)]);
    return await use(workers);
  } finally {
    await Promise.all(workers.map(([, worker]) => worker.end()));
    rmSync(folder, { recursive: true });
  }
}

function startOwn(settings: StepSettings): Promise<Worker> {
  const script = workerScript('speed/worker');
  const hint = 'Try fewer items or a smaller batch.';
  return startWorker(process.execPath, [...process.execArgv, script, JSON.stringify(settings)], hint);
}

function lineOf(engine: Engine, settings: StepSettings, rounds: readonly Round[], { ready }: Worker): Measurement {
  const { items, batch, threads, window, steps } = settings;
  const phase = createAgent(settings.agent).phases.at(-1)!.name;
  return {
    engine,
    phase,
    items,
    batch,
    ...timingOf(rounds),
    threads,
    window,
    stepsPerRound: steps,
    versions: ready.versions,
  };
}
