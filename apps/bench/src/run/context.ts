import type { Split } from '@lea/data';
import { tfidfVectors } from '@lea/eval';
import type { Value } from '@lea/tensor';
import type { PackageVersions } from '../config/packages.ts';
import type { Experiment } from '../config/schema.ts';
import type { Dataset } from '../datasets/describe.ts';
import type { Progress } from '../terminal/progress.ts';
import type { Models } from './models.ts';

/** What every job of an experiment reads. */
export interface Context {
  readonly experiment: Experiment;
  /** That the config imports. */
  readonly packages: PackageVersions;
  readonly dataset: Dataset;
  readonly split: Split;
  /** Reward per kind, in the order of the data's kinds. */
  readonly rewards: readonly number[];
  /** Of events, texts and split: what run ids and records hold. */
  readonly dataHash: string;
  /** Of the models that environments read. */
  readonly models: Models;
  /** Text vectors [N, D] for baselines and encoders that read text; made at the first call. */
  readonly text: () => Value & { readonly data: Float32Array };
  /** Of the compiled programs. */
  readonly threads: number;
  /** `<runs>/<experiment>`, where what is made is kept. */
  readonly folder: string;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** Text vectors of a catalogue, made once, when they are needed. */
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
