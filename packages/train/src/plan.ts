import { type Agent, narrowMemory, withMemory } from '@lea/agents';
import { parseOptions } from '@lea/core';
import { checkedRewards } from '@lea/data';
import type { Value } from '@lea/tensor';
import { checkAgent, checkGiven, checkOptions, checkSets } from './check-options.ts';
import { trainSchema } from './fit-schema.ts';
import type { Plan, TrainOptions } from './options.ts';
import { largestReward } from './steps/health.ts';
import { checkSampler, rowsPerEpoch } from './steps/sampler.ts';
import { itemStatistics } from './steps/statistics.ts';
import { warmStart } from './warm-start/warm-start.ts';

/** Least number of updates per network between two validations: over fewer, chance decides which validation is the best. */
const LEAST_UPDATES = 50;

/** Probabilities of a memory that a chunk of joint training holds at most: 256 MiB. Fewer, and copies take most of the time. */
const JOINT_VALUES = 2 ** 26;

/**
 * Fills in defaults and refuses what cannot be trained, before anything is compiled.
 *
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`, `E_SAMPLER`, `E_TRAIN_OPTION`, `E_TRAIN_METRIC`, `E_MEMORY`,
 *   `E_MEMORY_JOINT`, `E_TRAIN_INIT`, `E_REWARD_MISSING`, `E_REWARD_BAD`, `E_REWARD_COUNT`, `E_SIGNALS_ROWS`
 */
export function planOf(options: TrainOptions): Plan {
  checkGiven(options);
  const { agent, train, validation } = options;
  checkAgent(agent);
  checkSets({ train, validation });
  const rewards = checkedRewards('fit', train.sequences, options.rewards);
  const { networks } = agent;
  const given = parseOptions('fit', trainSchema, options);
  checkSampler(given.sampler);
  const rows = rowsPerEpoch(given.sampler, train, given.window);
  const batch = Math.min(given.batch, rows);
  const stepsPerEpoch = (rows / batch) * networks;
  const { evaluateEvery = defaultInterval(stepsPerEpoch, networks), patience = defaultPatience(agent) } = given;
  const plan = { ...given, agent, train, validation, rewards, batch, stepsPerEpoch, evaluateEvery, patience };
  const shape = {
    items: train.sequences.itemIds.length,
    window: plan.window,
    ...textSize(plan.text),
    ...stateSize(plan),
  };
  checkOptions(plan);
  const joint = plan.memory && plan.fusion === 'joint' ? narrowMemory(plan.memory, plan.window) : undefined;
  // Every row of a chunk brings a number per item.
  const chunk = joint
    ? Math.max(1, Math.min(plan.chunk, Math.floor(JOINT_VALUES / (batch * shape.items))))
    : plan.chunk;
  const learning = joint ? withMemory(agent, joint, { form: 'joint' }) : agent;
  const { init, text } = plan;
  const { itemIds } = train.sequences;
  return {
    ...plan,
    agent: learning,
    bareAgent: agent,
    warmStart: init && warmStart(init, { agent: learning, shape, itemIds, text }),
    joint,
    chunk,
    networks,
    shape,
    statistics: itemStatistics(agent, train),
    largestReward: largestReward(plan),
  };
}

function defaultInterval(stepsPerEpoch: number, networks: number): number {
  return Math.max(LEAST_UPDATES * networks, Math.floor(stepsPerEpoch / 2));
}

function defaultPatience(agent: Agent): number {
  if (agent.encoder.tied) return 8;
  return agent.target === 'none' ? 4 : 3;
}

function textSize(text: Value | undefined): { textSize?: number } {
  return text ? { textSize: text.shape[1]! } : {};
}

function stateSize({ agent, signals }: Pick<Plan, 'agent' | 'signals'>): { stateSize?: number } {
  return agent.readsEnvironmentState && signals?.stateSize ? { stateSize: signals.stateSize } : {};
}
