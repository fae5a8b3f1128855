import {
  checkRanges,
  checkSeed,
  contentHash,
  defaultsOf,
  fold,
  key,
  LeaError,
  type Task,
  task,
  withDefaults,
} from '@lea/core';
import { type Annotation, type AnnotationColumns, rewardStatistics, rowsHash, type Transitions } from '@lea/data';
import { fitSchema, type GivenFit } from '../fit/fit-options.ts';
import { keptFit } from '../fit/kept-fit.ts';
import { userFolds, withoutUsersOf } from '../fit/user-folds.ts';
import type { EnvironmentEvent } from '../shared/events.ts';
import { type AnnotateOptions, annotate, annotateOptions, annotateSchema } from './annotate.ts';
import { emptyColumns } from './columns.ts';

export interface CrossFitOptions extends Omit<AnnotateOptions, 'states' | 'dir'> {
  /**
   * Folds that the train users are divided among (default 2): one environment is fitted for each. Higher: each is fitted on
   * more users, and more of them are fitted.
   */
  readonly folds: number;
  /**
   * Where environments and annotations are kept, each in a folder of its own, named by its hash. Without it nothing is
   * written.
   */
  readonly dir: string | undefined;
}

const DEFAULTS: AnnotateOptions & CrossFitOptions = { ...defaultsOf(annotateSchema), folds: 2 };
const FIT = defaultsOf(fitSchema);

/** An annotation by several environments. */
export interface CrossFittedAnnotation extends Annotation {
  /** Hashes of the environments, by fold. */
  readonly environments: readonly string[];
}

/**
 * Annotates every train row by an environment that was not fitted on the row's user (cross-fitting, Chernozhukov et al.
 * 2018): the users are divided among folds by the seed of the fit, an environment is fitted on all folds but one, and it is
 * asked about the rows of that one. An environment has memorized the rows that it was fitted on; what it says of them is
 * not what it says of users it has not met.
 *
 * Validation rows of a fold's users, which a split by user does not have, decide nothing in that fold's fit either.
 *
 * Of different environments rewards have different scales: they are standardized by the mean and the standard deviation of
 * the fold's logged actions. Hence there is no `calibration`, which is of raw rewards and another one in each fold. Logits
 * stay as they are, to be compared within a row. States of different environments cannot be compared at all.
 *
 * One environment is in memory at a time. With `dir`, what a killed run had finished, environments and shards of
 * annotations, is not computed again; a fit that was cut begins anew.
 *
 * @param fit options of `fitEnvironment`; `train` are the rows that are annotated
 * @param options folds, and the options of `annotate`
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`, `E_TOKENS_SHAPE`, `E_DATA_EMPTY`, `E_TEMPLATE`,
 *   `E_LOSS_NOT_FINITE`, `E_DISK_FULL`, `E_FILE_WRITE`
 */
export function crossFit(
  fit: GivenFit,
  options?: Partial<CrossFitOptions>,
): Task<CrossFittedAnnotation, EnvironmentEvent<'environment' | 'annotation' | 'reused'>> {
  return task(() => crossFitting(fit, options));
}

async function* crossFitting(
  fit: GivenFit,
  options?: Partial<CrossFitOptions>,
): AsyncGenerator<EnvironmentEvent<'environment' | 'annotation' | 'reused'>, CrossFittedAnnotation> {
  const { train, validation, seed = FIT.seed } = fit;
  const { folds, ...asked } = withDefaults<AnnotateOptions & CrossFitOptions>('crossFit', DEFAULTS, options);
  const { k } = annotateOptions(asked, train.sequences.itemIds.length, fit.window ?? FIT.window);
  checkSeed('crossFit', seed);
  check(train, folds, asked);
  const signal = asked.signal ?? fit.signal;
  const columns = emptyColumns(train.count, k, 0);
  const [environments, annotations]: [string[], string[]] = [[], []];
  for (const { rows, own, others } of userFolds(train, folds, fold(key(seed), 'cross-fitting'))) {
    const part = { number: environments.length + 1, of: folds };
    const rest = { train: others, validation: validation && withoutUsersOf(own, validation) };
    const environment = yield* ofFold(keptFit({ ...fit, ...rest, signal }, asked.dir), part);
    try {
      const annotation = yield* ofFold(annotate(environment, own, { ...asked, signal }), part);
      fillStandardized(columns, rows, annotation);
      environments.push(environment.hash);
      annotations.push(annotation.hash);
    } finally {
      await environment.dispose();
    }
  }
  const about = rowsHash(train);
  return {
    rows: train.count,
    k,
    ...columns,
    ...rewardStatistics(columns.reward),
    environments,
    hash: contentHash('cross-fitted annotation', folds, seed, about, annotations),
    rowsHash: about,
  };
}

/** Work of one fold. */
async function* ofFold<T, E extends EnvironmentEvent>(
  work: Task<T, E>,
  fold: NonNullable<EnvironmentEvent['fold']>,
): AsyncGenerator<E, T, undefined> {
  for await (const event of work) yield { ...event, fold };
  return work;
}

function check(train: Transitions, folds: number, { states }: AnnotateOptions): void {
  if (train.count === 0) throw new LeaError('E_DATA_EMPTY', 'There are no train rows to fit environments on.');
  checkRanges('crossFit', { folds }, { folds: [2, new Set(train.sequence).size, 'whole'] });
  if (!states) return;
  throw new LeaError('E_OPTION_VALUE', 'crossFit: states of different environments cannot be compared.', {
    value: states,
    hint: 'Leave states out, or fit one environment and annotate with it.',
  });
}

/** Copies an annotation of some rows to their places, its rewards standardized. */
function fillStandardized(columns: AnnotationColumns, rows: Int32Array, annotation: Annotation): void {
  const { k, rewardMean, rewardStd } = annotation;
  const standardized = (reward: number): number => (reward - rewardMean) / (rewardStd || 1);
  const reward = annotation.reward.map(standardized);
  const positiveRewards = annotation.positiveRewards.map(standardized);
  rows.forEach((row, i) => {
    columns.reward[row] = reward[i]!;
    columns.positives.set(annotation.positives.subarray(i * k, (i + 1) * k), row * k);
    columns.logits.set(annotation.logits.subarray(i * k, (i + 1) * k), row * k);
    columns.positiveRewards.set(positiveRewards.subarray(i * k, (i + 1) * k), row * k);
  });
}
