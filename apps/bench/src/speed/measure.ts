import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createAgent } from '@lea/agents';
import { LeaError } from '@lea/core';
import { checkPeer, type PeerOptions, startTorch } from './peer.ts';
import { startWorker, type Worker } from './process.ts';
import type { Round, StepSettings } from './settings.ts';

/** What was measured of one engine. */
export interface Measurement {
  readonly engine: 'lea' | 'torch';
  /** The phase of training whose step it is: the agent's last. */
  readonly phase: string;
  readonly items: number;
  readonly batch: number;
  /** Median over the rounds. */
  readonly msPerStep: number;
  readonly msPerStepMin: number;
  /** CPU time of all threads, median; with one thread the number that other jobs of the machine disturb least. */
  readonly cpuMsPerStep: number;
  readonly peakMemoryMB: number;
  readonly threads: number;
  readonly window: number;
  readonly rounds: number;
  readonly stepsPerRound: number;
  readonly versions: Readonly<Record<string, string>>;
  /** Median over the rounds of our time by the peer's, taken in turns. */
  readonly ratio?: number;
  /** Our shortest round by the peer's. */
  readonly ratioMin?: number;
  /** The middle half of the rounds' ratios. */
  readonly ratioQuartiles?: readonly [number, number];
}

type Engine = Measurement['engine'];

/**
 * Measures one step, our process and the peer's taking turns round by round, so that both meet the same machine.
 *
 * @throws LeaError `E_PEER_UNSUPPORTED`, `E_WORKER`
 */
export async function measureStep(settings: StepSettings, rounds: number, peer?: PeerOptions): Promise<Measurement[]> {
  return await withWorkers(settings, peer, async (workers) => {
    for (const [, worker] of workers) await worker.round(); // warms caches and memory pools
    const taken = new Map<Engine, Round[]>(workers.map(([engine]) => [engine, []]));
    for (let i = 0; i < rounds; i++)
      for (const [engine, worker] of workers) taken.get(engine)!.push(await worker.round());
    const lines = workers.map(([engine, worker]) => lineOf(engine, settings, taken.get(engine)!, worker));
    const [own, torch] = lines;
    if (!torch) return lines;
    const times = (engine: Engine) => taken.get(engine)!.map((round) => round.ms);
    const peerTimes = times('torch');
    const ratios = sorted(times('lea').map((ms, i) => ms / peerTimes[i]!));
    const ratio = {
      ratio: round3(quantile(ratios, 0.5)),
      ratioMin: round3(own!.msPerStepMin / torch.msPerStepMin),
      ratioQuartiles: [round3(quantile(ratios, 0.25)), round3(quantile(ratios, 0.75))] as const,
    };
    return [torch, { ...own!, ...ratio }];
  });
}

/**
 * Trains one round with both engines from equal weights on equal batches, and compares the losses of every step.
 *
 * @returns the largest relative difference
 * @throws LeaError `E_PEER_UNSUPPORTED`, `E_WORKER`, `E_PEER_DIFFERS`
 */
export async function verifyPeer(settings: StepSettings, peer: PeerOptions): Promise<number> {
  const fed = { ...settings, fedNegatives: true };
  return await withWorkers(fed, peer, async (workers) => {
    const [own, torch] = [await workers[0]![1].round(), await workers[1]![1].round()];
    const difference = Math.max(...own.losses.map((loss, i) => Math.abs(loss - torch.losses[i]!) / Math.abs(loss)));
    if (difference < 1e-3) return difference;
    throw new LeaError('E_PEER_DIFFERS', 'The PyTorch peer computes other losses.', {
      value: { lea: own.losses, torch: torch.losses },
      hint: 'Their dropout masks differ always: verify with --dropout 0.',
    });
  });
}

/** Starts our worker and, from the weights and batches that it leaves, the peer's; ends both. */
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
  const script = fileURLToPath(new URL('./worker.ts', import.meta.url));
  const hint = 'Try fewer items or a smaller batch.';
  return startWorker(process.execPath, [...process.execArgv, script, JSON.stringify(settings)], hint);
}

function lineOf(engine: Engine, settings: StepSettings, rounds: readonly Round[], { ready }: Worker): Measurement {
  const { items, batch, threads, window, steps } = settings;
  const times = sorted(rounds.map((round) => round.ms));
  return {
    engine,
    phase: createAgent(settings.agent).phases.at(-1)!.name,
    items,
    batch,
    msPerStep: round3(quantile(times, 0.5)),
    msPerStepMin: round3(times[0]!),
    cpuMsPerStep: round3(quantile(sorted(rounds.map((round) => round.cpuMs)), 0.5)),
    peakMemoryMB: Math.round(Math.max(...rounds.map((round) => round.peakMemoryMB))),
    threads,
    window,
    rounds: times.length,
    stepsPerRound: steps,
    versions: ready.versions,
  };
}

function sorted(values: readonly number[]): number[] {
  return values.toSorted((a, b) => a - b);
}

/** With linear interpolation. */
function quantile(ascending: readonly number[], share: number): number {
  const at = share * (ascending.length - 1);
  const low = ascending[Math.floor(at)]!;
  return low + (at % 1) * (ascending[Math.ceil(at)]! - low);
}

function round3(value: number): number {
  return Math.round(value * 1000) / 1000;
}
