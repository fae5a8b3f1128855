import type { Progress } from '@lea/core';

/** What the stages of this package's long work count. */
interface Units {
  tokenizer: 'steps';
  'language-model': 'steps';
  'item-tokens': 'items';
  'text-vectors': 'texts';
  environment: 'epochs';
  annotation: 'rows';
  /** An annotation that was there already. */
  reused: 'rows';
  rewards: 'rows';
  ratings: 'pairs';
  download: 'bytes';
  rollout: 'episodes';
  'environment-check': 'parts';
}

interface Details {
  /** Losses, validation values and counts of the step. */
  readonly metrics?: Readonly<Record<string, number>>;
  /** Of `crossFit`: the fold that it is about, from 1, and their number. */
  readonly fold?: { readonly number: number; readonly of: number };
  /** Of a download: the file that arrives. `done` and `total` are of all files. */
  readonly file?: string;
}

/** What the long work of this package tells on its way; `EnvironmentEvent<'annotation'>` are the events of one stage. */
export type EnvironmentEvent<Stage extends keyof Units = keyof Units> = {
  [S in Stage]: Progress<S, Units[S]> & Details;
}[Stage];
