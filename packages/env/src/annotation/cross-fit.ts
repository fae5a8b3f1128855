import {
  checkObjects,
  checkRanges,
  checkSeed,
  contentHash,
  defaultsOf,
  fold,
  type Given,
  key,
  LeaError,
  type Task,
  task,
  withDefaults,
} from '@lea/core';
import {
  type Annotation,
  type AnnotationColumns,
  checkTransitions,
  rewardStatistics,
  rowsHash,
  type Transitions,
} from '@lea/data';
import { fitSchema, type GivenFit } from '../fit/fit-options.ts';
import { keptFit } from '../fit/kept-fit.ts';
import { userFolds, withoutUsersOf } from '../fit/user-folds.ts';
import type { EnvironmentEvent } from '../shared/events.ts';
import { type AnnotateOptions, annotate, annotateOptions, annotateSchema } from './annotate.ts';
import { emptyColumns } from './columns.ts';

/** Options of {@link crossFit}. */
export interface CrossFitOptions extends Omit<AnnotateOptions, 'states' | 'dir'> {
  /**
   * Number of folds of the training users (default 2); one environment is fitted for each fold. Higher: each fit has more
   * users, but there are more fits.
   */
  readonly folds: number;
  /**
   * Folder for environments and annotations, each in a subfolder named by its hash. Default: nothing is saved.
   */
  readonly dir: string | undefined;
}

const DEFAULTS: AnnotateOptions & CrossFitOptions = { ...defaultsOf(annotateSchema), folds: 2 };
const FIT = defaultsOf(fitSchema);

/** A cross-fitted annotation. */
export interface CrossFittedAnnotation extends Annotation {
  /** Hashes of the environments, by fold. */
  readonly environments: readonly string[];
}

/**
 * Annotates every training row with an environment that was not fitted on the row's user (cross-fitting, Chernozhukov et al.
 * 2018). The seed of the fit divides the users into folds; for each fold, an environment is fitted on all other folds and
 * annotates the rows of this fold. This avoids overfitting: an environment has memorized its training rows, so its results
 * for them differ from those for new users.
 *
 * Validation rows of a fold's users (which exist only if the split is not by user) are not used in that fold's fit either.
 *
 * Rewards of different environments have different scales, so they are standardized by the mean and the standard deviation of
 * the fold's logged actions. The annotation has no `calibration`, which would apply to raw rewards. Logits are not changed
 * and comparable only within a row. States are not available, because those of different environments are not comparable.
 *
 * Only one environment is in memory at a time. With `dir`, finished environments and shards of an interrupted run are reused;
 * an interrupted fit starts again.
 *
 * @param fit options of `fitEnvironment`; the rows of `train` are annotated
 * @param options number of folds, and the options of `annotate`
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`, `E_TOKENS_SHAPE`, `E_DATA_EMPTY`, `E_TEMPLATE`,
 *   `E_LOSS_NOT_FINITE`, `E_DISK_FULL`, `E_FILE_WRITE`
 */
export function crossFit(
  fit: GivenFit,
  options?: Given<CrossFitOptions>,
): Task<CrossFittedAnnotation, EnvironmentEvent<'environment' | 'annotation' | 'reused'>> {
  return task(() => crossFitting(fit, options));
}

async function* crossFitting(
  fit: GivenFit,
  options?: Given<CrossFitOptions>,
): AsyncGenerator<EnvironmentEvent<'environment' | 'annotation' | 'reused'>, CrossFittedAnnotation> {
  checkObjects('crossFit', { fit });
  checkTransitions('crossFit', { train: fit.train });
  const { train, validation, seed = FIT.seed } = fit;
  const { folds, ...asked } = withDefaults<AnnotateOptions & CrossFitOptions>('crossFit', DEFAULTS, options);
  const { k } = annotateOptions(asked, train, fit.window ?? FIT.window);
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
      const annotation = yield* ofFold(annotate(environment, own, { ...asked, k, signal }), part);
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

/** Runs a task and adds the fold to its events. */
async function* ofFold<T, E extends EnvironmentEvent>(
  work: Task<T, E>,
  fold: NonNullable<EnvironmentEvent['fold']>,
): AsyncGenerator<E, T, undefined> {
  for await (const event of work) yield { ...event, fold };
  return work;
}

function check(train: Transitions, folds: number, { states }: AnnotateOptions): void {
  if (train.count === 0) throw new LeaError('E_DATA_EMPTY', 'Expected at least one training row, got none.');
  checkRanges('crossFit', { folds }, { folds: [2, new Set(train.sequence).size, 'whole'] });
  if (!states) return;
  throw new LeaError(
    'E_OPTION_VALUE',
    'crossFit: states are not supported, because those of different environments are not comparable.',
    {
      value: states,
      hint: 'Omit states, or fit a single environment and annotate with it.',
    },
  );
}

/** Copies the annotation of a fold's rows into the columns, with standardized rewards. */
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
