import { type Agent, type Fusion, type Memory, type Policy, withMemory } from '@lea/agents';
import { checkRanges, withDefaults } from '@lea/core';
import type { Value } from '@lea/tensor';
import { checkAgent, checkOptions, checkSets } from './check-options.ts';
import type { Plan, TrainOptions } from './options.ts';
import type { Signals } from './signals/options.ts';
import { largestReward } from './steps/health.ts';
import type { SamplerOptions } from './steps/sampler.ts';
import { itemStatistics } from './steps/statistics.ts';
import { warmStart } from './warm-start/warm-start.ts';

/** Probabilities of a memory that a chunk of joint training holds at most: 64 MiB. */
const JOINT_VALUES = 2 ** 24;

/**
 * Fills in defaults and refuses what cannot be trained, before anything is compiled.
 *
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`, `E_SAMPLER`, `E_TRAIN_OPTION`, `E_TRAIN_METRIC`, `E_MEMORY`,
 *   `E_MEMORY_JOINT`, `E_TRAIN_INIT`
 */
export function planOf(options: TrainOptions): Plan {
  const { agent, train, validation } = options;
  checkAgent(agent);
  checkSets({ train, validation });
  const { networks } = agent;
  const { batch: asked = 256 } = options;
  checkRanges('fit', { batch: asked }, { batch: [1, Number.MAX_VALUE, 'whole'] });
  const batch = Math.min(asked, train.count);
  const defaults = {
    agent,
    train,
    validation,
    rewards: options.rewards,
    window: 10,
    batch,
    sampler: { type: 'permutation' } as SamplerOptions,
    seed: 0,
    evaluateEvery: Math.max(1, Math.floor((train.count / batch / 2) * networks)),
    patience: defaultPatience(agent),
    maxSteps: Number.POSITIVE_INFINITY,
    metric: 'ndcg@10',
    init: undefined as Policy | undefined,
    signals: undefined as Signals | undefined,
    memory: undefined as Memory | undefined,
    fusion: 'after' as Fusion['form'],
    text: undefined as Value | undefined,
    checkpoint: undefined as string | undefined,
    onMismatch: 'throw' as 'throw' | 'restart',
    signal: undefined as AbortSignal | undefined,
    chunk: 32,
    threads: undefined as number | undefined,
    backend: undefined as string | undefined,
    spinning: false,
  };
  const plan = { ...withDefaults<typeof defaults>('fit', defaults, options), batch };
  const shape = {
    items: train.sequences.itemIds.length,
    window: plan.window,
    ...textSize(plan.text),
    ...stateSize(plan),
  };
  checkOptions(plan);
  const joint = plan.memory && plan.fusion === 'joint' ? plan.memory : undefined;
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
