import { type Memory, type Policy, storedTables } from '@lea/agents';
import { emptyWindows, historyWindows, type Scorer, type Transitions, topK } from '@lea/data';
import type { Values } from '@lea/tensor';
import type { Serving } from './record.ts';

/** Requests that are timed, after some that are not. */
const [REQUESTS, WARM] = [200, 20];
const K = 10;

/** Times a policy as it is served: `recommend` of one user at a time. */
export function servingOf(policy: Policy, test: Transitions): Promise<Serving> {
  const { sequences, event, sequence } = test;
  const held = { ...policy.params, ...(policy.text && { text: policy.text }), ...tablesOf(policy.memory) };
  return timed(test, held, (row) => {
    const start = sequences.offsets[sequence[row]!]!;
    return policy.recommendIndices([sequences.items.subarray(start, event[row]!)], K);
  });
}

/** The same of a scorer: scores of all items, and the ten best of them. */
export function servingOfScorer(scorer: Scorer, test: Transitions, memory?: Memory): Promise<Serving> {
  const windows = emptyWindows(1, scorer.window);
  return timed(test, memory && tablesOf(memory), async (row) =>
    topK(await scorer.score(historyWindows(test, [row], scorer.window, windows)), K),
  );
}

async function timed(
  { count }: Transitions,
  held: Values | undefined,
  request: (row: number) => Promise<unknown>,
): Promise<Serving> {
  const times: number[] = [];
  for (let i = 0; i < WARM + REQUESTS; i++) {
    const started = performance.now();
    await request(Math.floor((i * count) / (WARM + REQUESTS)));
    if (i >= WARM) times.push(performance.now() - started);
  }
  times.sort((a, b) => a - b);
  const bytes = held && Object.values(held).reduce((sum, { data }) => sum + data.byteLength, 0);
  return { milliseconds: times[REQUESTS / 2]!, megabytes: bytes === undefined ? null : bytes / 1e6 };
}

function tablesOf(memory: Memory | undefined): Values {
  return memory ? storedTables(memory.state) : {};
}
