import type { Progress } from '@lea/core';

/** The stages of long-running tasks in this package, and the units that they count. */
interface Units {
  /** Learning the vocabulary of a catalog model. */
  tokenizer: 'steps';
  /** Training a catalog model. */
  'language-model': 'steps';
  /** Learning item tokens. */
  'item-tokens': 'items';
  /** Computing text vectors. */
  'text-vectors': 'texts';
  /** Computing text vectors with a language model. */
  'decoder-vectors': 'tokens';
  /** Fitting an environment: `done` is a fraction within an epoch, and whole at its end. */
  environment: 'epochs';
  /** Annotating transitions. */
  annotation: 'rows';
  /** Reading an existing annotation from its folder. */
  reused: 'rows';
  /** Annotating transitions with rewards of a reward model. */
  rewards: 'rows';
  /** Computing log likelihoods of actions after histories. */
  likelihoods: 'pairs';
  /** Rating pairs of histories and actions with a prompted model. */
  ratings: 'pairs';
  /** Downloading a language model. */
  download: 'bytes';
  /** Simulating episodes. */
  rollout: 'episodes';
  /** Checking a step environment. */
  'environment-check': 'parts';
}

/** Details of an event besides its progress. */
interface Details {
  /** Losses, validation values and counts of the step; of a fit only at the end of an epoch. */
  readonly metrics?: Readonly<Record<string, number>>;
  /** A finding that the user should know, in one sentence: it may spoil the result. */
  readonly note?: string;
  /** Estimated peak memory of a step in bytes, in the first event of a fit; absent on a tfjs backend. */
  readonly memoryBytes?: number;
  /** The current fold of `crossFit`. */
  readonly fold?: {
    /** Number of the fold, from 1. */
    readonly number: number;
    /** Total number of folds. */
    readonly of: number;
  };
  /** The current file of a download; `done` and `total` count the bytes of all files. */
  readonly file?: string;
}

/** Progress events of the tasks in this package; `EnvironmentEvent<'annotation'>` is the type of one stage's events. */
export type EnvironmentEvent<Stage extends keyof Units = keyof Units> = {
  [S in Stage]: Progress<S, Units[S]> & Details;
}[Stage];
