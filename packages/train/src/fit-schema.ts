import type { Agent, Memory, Policy } from '@lea/agents';
import {
  abortSignal,
  custom,
  flag,
  type OptionsSchema,
  oneOf,
  option,
  reference,
  seed,
  text,
  whole,
  wholeOrInfinity,
} from '@lea/core';
import type { Rewards, Transitions } from '@lea/data';
import type { Value } from '@lea/tensor';
import type { TrainOptions } from './options.ts';
import type { Signals } from './signals/options.ts';
import type { SamplerOptions } from './steps/sampler.ts';

/** The options that always have a value. */
type WithDefault =
  | 'window'
  | 'batch'
  | 'sampler'
  | 'seed'
  | 'maxSteps'
  | 'metric'
  | 'exclude'
  | 'fusion'
  | 'onMismatch'
  | 'chunk'
  | 'spinning';

/** Options of `fit`, given or by default. */
export type CompleteOptions = {
  readonly [K in keyof Required<TrainOptions>]: K extends WithDefault
    ? Exclude<TrainOptions[K], undefined>
    : TrainOptions[K] | undefined;
};

const isMemory = (given: unknown) => isObject(given) && isObject(given.config) && typeof given.observe === 'function';
const isVectors = (given: unknown) => isObject(given) && Array.isArray(given.shape) && ArrayBuffer.isView(given.data);

/** Defaults and checks of the options of `fit`. */
export const trainSchema: OptionsSchema<CompleteOptions> = {
  agent: option(reference<Agent>(), undefined),
  train: option(reference<Transitions>(), undefined),
  validation: option(reference<Transitions>(), undefined),
  rewards: option(reference<Rewards>(), undefined),
  window: option(whole(1), 10),
  batch: option(whole(1), 256),
  sampler: option(reference<SamplerOptions>(), { type: 'permutation' }),
  seed: option(seed, 0),
  evaluateEvery: option(whole(1), undefined),
  patience: option(whole(1), undefined),
  maxSteps: option(wholeOrInfinity(1), Infinity),
  metric: option(text, 'ndcg@10'),
  exclude: option(oneOf('none', 'seen'), 'none'),
  init: option(reference<Policy>(), undefined),
  // `checkSignals` says more about values of other types.
  signals: option(
    custom<Signals>(() => true, ''),
    undefined,
  ),
  memory: option(
    reference<Memory>(isMemory, 'must be a counting memory.', 'Pass await countingMemory(train).'),
    undefined,
  ),
  fusion: option(oneOf('after', 'mixture', 'joint'), 'after'),
  text: option(
    reference<Value>(isVectors, 'must be text vectors, float32 [items, size].', 'Pass await textVectors(itemTexts).'),
    undefined,
  ),
  checkpoint: option(text, undefined),
  onMismatch: option(oneOf('throw', 'restart'), 'throw'),
  signal: option(abortSignal, undefined),
  chunk: option(whole(1), 32),
  threads: option(whole(1), undefined),
  backend: option(text, undefined),
  spinning: option(flag, false),
};

function isObject(given: unknown): given is Record<string, unknown> {
  return typeof given === 'object' && given !== null;
}
