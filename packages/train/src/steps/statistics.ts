import type { Agent, ItemStatistic } from '@lea/agents';
import { itemCounts, type Transitions } from '@lea/data';
import type { Values } from '@lea/tensor';

/** The sampling weights of candidates: (1 + count)^power, [N]. */
export function samplingWeights(counts: Float64Array, power: number): Float64Array {
  return power === 0 ? new Float64Array(counts.length).fill(1) : counts.map((count) => (1 + count) ** power);
}

/**
 * The item statistics that the agent's loss reads, computed from the train transitions alone; float32 [N] each. `logQ`: log of
 * the probability that a drawn candidate is the item. `logFrequency`: log of (count + 1) / (rows + N), which is finite for items
 * without rows as well.
 */
export function itemStatistics(agent: Agent, train: Transitions): Values {
  if (agent.frozen.length === 0) return {};
  const counts = itemCounts(train);
  const shares: Record<ItemStatistic, () => Float64Array> = {
    logQ: () => samplingWeights(counts, agent.sampling?.power ?? 0),
    logFrequency: () => counts.map((count) => count + 1),
  };
  return Object.fromEntries(
    agent.frozen.map((name) => {
      const weights = shares[name]();
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      const data = Float32Array.from(weights, (weight) => Math.log(weight / total));
      return [name, { dtype: 'float32', shape: [data.length], data }];
    }),
  );
}
