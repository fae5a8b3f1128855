import type { Agent } from '@lea/agents';
import { integers, key } from '@lea/core';
import type { Transitions } from '@lea/data';
import type { Rounds, StepSettings } from './settings.ts';
import { trainingSteps } from './training-steps.ts';

/** Number of events in the random log: enough that few items are drawn again while they are in a cache. */
const EVENTS = 200_000;

/**
 * Prepares training on sampled items with `fit`, which includes sampling, collecting rows and writing them back. The items of
 * the log are drawn uniformly from the catalog, and all windows are full. A round returns the mean loss of its steps.
 */
export async function sampledSteps(agent: Agent, settings: StepSettings): Promise<Rounds> {
  const { items, batch, window, threads, steps } = settings;
  return trainingSteps({
    agent: { ...agent, phases: agent.phases.slice(-1) },
    train: randomLog(items, window),
    rewards: [0.2],
    window,
    batch,
    threads,
    spinning: true,
    chunk: steps,
  });
}

/** A log of one user in which every decision follows a full window. */
function randomLog(items: number, window: number): Transitions {
  const count = EVENTS - window;
  return {
    sequences: {
      userIds: ['user'],
      itemIds: Array.from({ length: items }, String),
      kinds: ['click'],
      offsets: Int32Array.of(0, EVENTS),
      items: integers(key(1), EVENTS, items),
      kind: new Uint8Array(EVENTS),
      time: new Float64Array(EVENTS),
    },
    count,
    event: Int32Array.from({ length: count }, (_, i) => window + i),
    sequence: new Int32Array(count),
    done: new Uint8Array(count),
  };
}
