import { countingMemory, type Memory } from '@lea/agents';
import { contentHash } from '@lea/core';
import type { CheckedRewards, Split } from '@lea/data';
import { tfidfVectors } from '@lea/eval';
import type { ActionPolicy, ActionValues, BanditFeedback } from '@lea/eval/off-policy';
import type { Value } from '@lea/tensor';
import type { PackageVersions } from '../config/packages.ts';
import type { Experiment, MemoryConfig } from '../config/schema.ts';
import type { Dataset } from '../data/describe.ts';
import type { Progress } from '../terminal/progress.ts';
import type { Models } from './models.ts';

/** The data that every job of an experiment reads. */
export interface Context {
  readonly experiment: Experiment;
  /** Packages that the config imports. */
  readonly packages: PackageVersions;
  readonly dataset: Dataset;
  readonly split: Split;
  readonly rewards: CheckedRewards;
  /** Hash of events, texts and split, which run ids and records hold. */
  readonly dataHash: string;
  /** Hashes of the models that environments read. */
  readonly models: Models;
  /** Text vectors [N, D] for baselines and encoders that read text; made at the first call. */
  readonly text: () => Value & { readonly data: Float32Array };
  /** The counting memory of the train rows with these options; counted at the first call. Nobody disposes it: runs share it. */
  readonly memory: (options: MemoryConfig) => Promise<CountedMemory>;
  /** The log of the test events for off-policy estimates; made at the first call, where the config asks for estimates. */
  readonly logged: () => Promise<Logged>;
  /** Threads of the compiled programs. */
  readonly threads: number;
  /** `<runs>/<experiment>`, where what is made is kept. */
  readonly folder: string;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** A memory, and what it took to count it. */
export interface CountedMemory {
  readonly memory: Memory;
  readonly seconds: number;
}

/** A sample of the test events as a log, and everything that estimates read besides a policy. */
export interface Logged {
  readonly feedback: BanditFeedback;
  /** The softmax of a counting memory, at the temperature that fits validation. */
  readonly behavior: ActionPolicy;
  readonly temperature: number;
  /** Expected rewards, cross-fitted. */
  readonly model: ActionValues;
  /** Number of rounds per call of a policy, so that memory stays the same on large catalogs. */
  readonly batch: number;
}

/** Memories of the train rows, each counted once, when it is needed. */
export function lazyMemories({
  experiment,
  split,
  dataset,
  text,
}: Pick<Context, 'experiment' | 'split' | 'dataset' | 'text'>): Context['memory'] {
  const counted = new Map<string, Promise<CountedMemory>>();
  const count = async ({ text: withText = dataset.itemTexts !== undefined, ...options }: MemoryConfig) => {
    const started = performance.now();
    const { window } = experiment;
    const memory = await countingMemory(split.train, { ...options, window, text: withText ? text() : undefined });
    return { memory, seconds: (performance.now() - started) / 1000 };
  };
  return (options) => {
    const key = contentHash(options);
    const known = counted.get(key) ?? count(options);
    counted.set(key, known);
    return known;
  };
}

/** Text vectors of a catalog, made once, when they are needed. */
export function lazyText(texts: readonly string[]): Context['text'] {
  let vectors: ReturnType<Context['text']> | undefined;
  return () => {
    if (!vectors) {
      const { shape, data } = tfidfVectors(texts);
      vectors = { dtype: 'float32', shape, data: Float32Array.from(data) };
    }
    return vectors;
  };
}
