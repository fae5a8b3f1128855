import type { Agent } from '@lea/agents';
import { integers, key } from '@lea/core';
import type { Transitions } from '@lea/data';
import { fit } from '@lea/train';
import type { Rounds, StepSettings } from './settings.ts';

/** Events of the random log; few of its items are drawn again while they are in a cache. */
const EVENTS = 200_000;

/**
 * Training on sampled items as `fit` does it: drawing, collecting, computing, writing back. The log is drawn uniformly from
 * the catalog, the windows are full. A round gives the mean loss of its steps.
 */
export async function sampledSteps(agent: Agent, settings: StepSettings): Promise<Rounds> {
  const { items, batch, window, threads, steps } = settings;
  const log = randomLog(items, window);
  const work = fit({
    agent: { ...agent, phases: agent.phases.slice(-1) },
    train: log,
    validation: { ...log, count: 1, event: log.event.slice(0, 1), sequence: log.sequence.slice(0, 1) },
    rewards: [0.2],
    window,
    batch,
    evaluateEvery: Number.MAX_SAFE_INTEGER,
    threads,
    spinning: true,
    chunk: steps,
  });
  const events = work[Symbol.asyncIterator]();
  return {
    async round() {
      for (;;) {
        const { value, done } = await events.next();
        if (done) return [];
        if (value.type === 'step') return [value.loss];
      }
    },
    end: async () => {
      await events.return?.();
    },
  };
}

/** One user whose every decision has a full window behind it. */
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
