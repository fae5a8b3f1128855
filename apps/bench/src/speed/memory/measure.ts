import { type Agent, countingMemory, createAgent, createPolicy, type Memory, storedTables } from '@lea/agents';
import { key } from '@lea/core';
import { historyWindows, type Transitions } from '@lea/data';
import { fit, type TrainOptions } from '@lea/train';
import { quantile, sorted } from '../turns.ts';
import { unevenLog } from './log.ts';

export interface MemorySettings {
  readonly items: number;
  readonly events: number;
  readonly threads: number;
  /** Number of rounds of each measurement; rounds with and without a memory alternate. */
  readonly rounds: number;
}

/** The cost of a memory of a log of this size. Times in milliseconds are medians over the rounds. */
export interface MemoryMeasurement {
  readonly items: number;
  readonly events: number;
  readonly threads: number;
  readonly buildSeconds: number;
  readonly peakMemoryMB: number;
  readonly tablesMB: number;
  /** Recommending for one user with the memory and without it, and the median ratio of the rounds. */
  readonly recommendMs: number;
  readonly recommendMsWithout: number;
  readonly recommendRatio: number;
  /**
   * A training step of `joint`, including the host's work, and of the same agent alone; absent for catalogs that are too large
   * for `joint`.
   */
  readonly stepMs?: number;
  readonly stepMsWithout?: number;
  readonly stepRatio?: number;
}

/** Requests of a round, warm-up requests before them, and training steps of a round. */
const [REQUESTS, WARM, STEPS] = [100, 10, 8];
/** Larger catalogs are trained with sampled losses, which `joint` does not support. */
const MOST_JOINT = 50_000;
const BATCH = 256;

/**
 * Measures counting a log, serving and training. Rounds with and without the memory alternate, so that the load of the machine
 * affects both.
 */
export async function measureMemory(settings: MemorySettings, say: (what: string) => void): Promise<MemoryMeasurement> {
  const { items, events, threads } = settings;
  say('counting');
  const log = unevenLog(events, items);
  const started = performance.now();
  const memory = await countingMemory(log);
  const buildSeconds = (performance.now() - started) / 1000;
  const tables = Object.values(storedTables(memory.state));
  const measured = {
    items,
    events: log.count,
    threads,
    buildSeconds,
    peakMemoryMB: Math.round(process.resourceUsage().maxRSS / 1024),
    tablesMB: tables.reduce((sum, { data }) => sum + data.byteLength, 0) / 1e6,
  };
  const agent = createAgent({
    type: 'snqn',
    encoder: { type: 'sasrec-modern', width: 64, layers: 1, everyPosition: false },
  });
  say('recommending');
  const served = await recommending(agent, memory, log, settings);
  if (items > MOST_JOINT) return { ...measured, ...served };
  say('training');
  return { ...measured, ...served, ...(await training(agent, memory, log, settings)) };
}

async function recommending(
  agent: Agent,
  memory: Memory,
  log: Transitions,
  { items, threads, rounds }: MemorySettings,
) {
  const shape = { items, window: 10 };
  const params = agent.init(key(0), shape);
  const histories = Array.from({ length: REQUESTS }, (_, i) => {
    const row = Math.floor((i * log.count) / REQUESTS) + 9;
    const { items: all, length } = historyWindows(log, [Math.min(row, log.count - 1)], 10);
    return Array.from(all.subarray(0, length[0]));
  });
  // Each round has its own policy, because idle threads of another policy would still spin.
  const round = (options: { memory?: Memory }) => async () => {
    const policy = createPolicy(agent, params, shape, { ...options, threads });
    for (const history of histories.slice(0, WARM)) await policy.recommendIndices([history], 10);
    const times: number[] = [];
    for (const history of histories) {
      const started = performance.now();
      await policy.recommendIndices([history], 10);
      times.push(performance.now() - started);
    }
    await policy.dispose();
    return median(times);
  };
  const [recommendMs, recommendMsWithout, recommendRatio] = await inTurns([round({ memory }), round({})], rounds);
  return { recommendMs, recommendMsWithout, recommendRatio };
}

async function training(agent: Agent, memory: Memory, log: Transitions, { threads, rounds }: MemorySettings) {
  const one = { ...log, count: 1, event: log.event.slice(0, 1), sequence: log.sequence.slice(0, 1) };
  const options: TrainOptions = {
    agent,
    train: log,
    validation: one,
    rewards: [0.2],
    batch: BATCH,
    evaluateEvery: Number.MAX_SAFE_INTEGER,
    chunk: STEPS,
    threads,
  };
  const runs = [fit({ ...options, memory, fusion: 'joint' }), fit(options)].map((work) => work[Symbol.asyncIterator]());
  const round = (events: (typeof runs)[number]) => {
    let done = 0;
    return async () => {
      const started = performance.now();
      const before = done;
      while (done < before + STEPS) {
        const { value } = await events.next();
        if (value && 'type' in value && value.type === 'step') done = value.step;
      }
      return (performance.now() - started) / (done - before);
    };
  };
  const [stepMs, stepMsWithout, stepRatio] = await inTurns(runs.map(round), rounds);
  for (const events of runs) await events.return?.();
  return { stepMs, stepMsWithout, stepRatio };
}

/** Medians of two measurements that alternate, and of their ratios. The first run of each is a warm-up and is not counted. */
async function inTurns(
  [one, other]: readonly (() => Promise<number>)[],
  rounds: number,
): Promise<[one: number, other: number, ratio: number]> {
  await one!();
  await other!();
  const times: [number, number][] = [];
  for (let i = 0; i < rounds; i++) times.push([await one!(), await other!()]);
  return [median(times.map(([a]) => a)), median(times.map(([, b]) => b)), median(times.map(([a, b]) => a / b))];
}

function median(values: readonly number[]): number {
  return quantile(sorted(values), 0.5);
}
