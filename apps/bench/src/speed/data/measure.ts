import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { differenceOf } from '../agreement.ts';
import { startWorker, type Worker } from '../process.ts';
import { peerScript, workerScript } from '../scripts.ts';
import { inTurns, type Ratio, ratioOf, type Timing, timingOf } from '../turns.ts';
import { type LogSize, writeLog } from './log.ts';
import type { LogForm, ReadSettings } from './settings.ts';

/** What is measured. */
export interface DataSettings extends LogSize {
  readonly form: LogForm;
  readonly engines: readonly ReadSettings['engine'][];
  readonly threads: number;
  readonly rounds: number;
  /** Steps of training after the reading; 0: none. */
  readonly train: number;
  /** The Python with polars; undefined: only our readers are measured. */
  readonly python: string | undefined;
}

/**
 * The measurement of one reader, or of training on the log. A "step" is one reading or one training step. The ratio is the time of
 * reading divided by that of polars.
 */
export interface DataMeasurement extends LogSize, Timing, Partial<Ratio> {
  readonly task: 'read' | 'train';
  readonly engine: ReadSettings['engine'] | 'polars';
  readonly form: LogForm;
  readonly threads: number;
  readonly versions: Readonly<Record<string, string>>;
}

/**
 * Reads a random log and splits it, with our readers and polars in turns.
 *
 * @throws LeaError `E_WORKER`, `E_PEER_DIFFERS` if they make different splits
 */
export async function measureData(settings: DataSettings, say: (what: string) => void): Promise<DataMeasurement[]> {
  const { form, engines, threads, rounds, train, python, events, users, items } = settings;
  const folder = await mkdtemp(join(tmpdir(), 'lea-speed-'));
  const workers: [DataMeasurement['engine'], Worker][] = [];
  try {
    say(`writing ${events.toLocaleString('en')} events`);
    const path = join(folder, `log.${form}`);
    await writeLog(path, { events, users, items }, form);
    for (const engine of engines) workers.push([engine, await startOwn({ path, engine, threads })]);
    if (python !== undefined) workers.push(['polars', await startPolars(path, threads, python)]);
    say('reading');
    const taken = await inTurns(
      workers.map(([, worker]) => worker),
      rounds,
    );
    const [own, ...others] = taken.map(({ first }) => first.losses);
    for (const sums of others) differenceOf(own!, sums, 'Both should make the same split: please report it.');
    const peer = python === undefined ? undefined : taken.at(-1)!.rounds;
    const log = { form, events, users, items };
    const read = workers.map(([engine, { ready }], i) => ({
      task: 'read' as const,
      engine,
      ...log,
      ...timingOf(taken[i]!.rounds),
      ...(peer && engine !== 'polars' && ratioOf(taken[i]!.rounds, peer)),
      threads,
      versions: ready.versions,
    }));
    if (train === 0) return read;
    // Each process alone, so that memory is that of one.
    await Promise.all(workers.splice(0).map(([, worker]) => worker.end()));
    say('training');
    const engine = engines[0]!;
    const worker = await startOwn({ path, engine, threads, steps: train });
    workers.push([engine, worker]);
    const timing = timingOf([await worker.round()]);
    return [...read, { task: 'train', engine, ...log, ...timing, threads, versions: worker.ready.versions }];
  } finally {
    await Promise.all(workers.map(([, worker]) => worker.end()));
    await rm(folder, { recursive: true });
  }
}

function startOwn(settings: ReadSettings): Promise<Worker> {
  const script = workerScript('speed/data/worker');
  return startWorker(process.execPath, [...process.execArgv, script, JSON.stringify(settings)], 'Try fewer events.');
}

function startPolars(path: string, threads: number, python: string): Promise<Worker> {
  const hint =
    'The peer needs Python 3 with polars: pip install polars, then --python PATH when it is not the python3 of the PATH.';
  return startWorker(python, [peerScript('data/read_log.py'), path], hint, { POLARS_MAX_THREADS: String(threads) });
}
