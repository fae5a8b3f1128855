import { fileURLToPath } from 'node:url';
import { LeaError } from '@lea/core';
import { startWorker, type Worker } from './process.ts';
import type { Round, StepSettings } from './settings.ts';

/** One line of `speed`. */
export interface SpeedLine {
  readonly engine: 'lea' | 'torch';
  readonly agent: string;
  readonly encoder: string;
  readonly items: number;
  readonly batch: number;
  /** Median over the rounds. */
  readonly msPerStep: number;
  readonly msPerStepMin: number;
  readonly peakMemoryMB: number;
  readonly threads: number;
  readonly window: number;
  readonly size: number;
  readonly dropout: number;
  readonly rounds: number;
  readonly stepsPerRound: number;
  readonly versions: Readonly<Record<string, string>>;
  /** Our median over the peer's median, rounds taken in turns. */
  readonly ratio?: number;
  readonly ratioMin?: number;
}

export interface PeerOptions {
  readonly python: string;
  readonly compile: boolean;
}

/**
 * Measures one step, our process and the peer's taking turns round by round, so that both meet the same machine.
 *
 * @throws LeaError `E_PEER_UNSUPPORTED`, `E_WORKER`
 */
export async function measureStep(settings: StepSettings, rounds: number, peer?: PeerOptions): Promise<SpeedLine[]> {
  const workers: [SpeedLine['engine'], Worker][] = [['lea', await startOwn(settings)]];
  try {
    if (peer) workers.unshift(['torch', await startTorch(settings, peer)]);
    for (const [, worker] of workers) await worker.round(); // warms caches and memory pools
    const taken = new Map<string, Round[]>(workers.map(([engine]) => [engine, []]));
    for (let i = 0; i < rounds; i++)
      for (const [engine, worker] of workers) taken.get(engine)!.push(await worker.round());
    const lines = workers.map(([engine, worker]) => lineOf(engine, settings, taken.get(engine)!, worker));
    const [torch, own] = lines;
    if (!own) return lines;
    return [
      torch!,
      { ...own, ratio: own.msPerStep / torch!.msPerStep, ratioMin: own.msPerStepMin / torch!.msPerStepMin },
    ];
  } finally {
    await Promise.all(workers.map(([, worker]) => worker.end()));
  }
}

function startOwn(settings: StepSettings): Promise<Worker> {
  const script = fileURLToPath(new URL('./worker.ts', import.meta.url));
  const hint = 'Try fewer items or a smaller batch.';
  return startWorker(process.execPath, [...process.execArgv, script, JSON.stringify(settings)], hint);
}

function startTorch(settings: StepSettings, { python, compile }: PeerOptions): Promise<Worker> {
  if (settings.agent !== 'ce' || settings.encoder !== 'sasrec') {
    throw new LeaError('E_PEER_UNSUPPORTED', 'The PyTorch peer knows the agent ce with the encoder sasrec only.', {
      value: `${settings.agent}, ${settings.encoder}`,
      hint: 'Leave --peer out, or measure ce with sasrec.',
    });
  }
  const script = fileURLToPath(new URL('../../peers/torch_step.py', import.meta.url));
  const hint =
    'The peer needs Python 3 with PyTorch: pip install torch, then --python PATH when it is not the python3 of the PATH.';
  return startWorker(python, [script, JSON.stringify({ ...settings, compile })], hint);
}

function lineOf(
  engine: SpeedLine['engine'],
  settings: StepSettings,
  rounds: readonly Round[],
  { ready }: Worker,
): SpeedLine {
  const { agent, encoder, items, batch, threads, window, size, dropout, steps } = settings;
  const times = rounds.map((round) => round.ms).sort((a, b) => a - b);
  const middle = times.length / 2;
  const median = (times[Math.floor(middle)]! + times[Math.ceil(middle) - 1]!) / 2;
  const round3 = (value: number) => Math.round(value * 1000) / 1000;
  return {
    engine,
    agent,
    encoder,
    items,
    batch,
    msPerStep: round3(median),
    msPerStepMin: round3(times[0]!),
    peakMemoryMB: Math.round(Math.max(...rounds.map((round) => round.peakMemoryMB))),
    threads,
    window,
    size,
    dropout,
    rounds: times.length,
    stepsPerRound: steps,
    versions: ready.versions,
  };
}
