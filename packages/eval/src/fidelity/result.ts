import type { Calibration, RewardReliability } from './calibration.ts';
import type { Moments } from './statistics.ts';

/** A quantity once against items drawn uniformly and once against items drawn by popularity. */
export interface AgainstBoth<T> {
  /** Against items drawn uniformly. */
  readonly uniform: T;
  /** Against items drawn by popularity. */
  readonly popular: T;
}

/** How well a subject agrees with held-out users. */
export interface Fidelity {
  /** Name of the subject. */
  readonly name: string;
  /** Number of measured rows. */
  readonly rows: number;
  /** NDCG@10 of the logged action among the whole catalog; ties go to the smaller index. NaN of a subject that ranks nothing. */
  readonly ndcg: number;
  /** HR@10 of the logged action among the whole catalog, or NaN. */
  readonly hr: number;
  /** Share of comparisons where the logged action gets more reward than an un-interacted item drawn uniformly; ties count half. */
  readonly accuracyUniform: number;
  /** The same against un-interacted items drawn in proportion to their count in `train`: popularity does not help here. */
  readonly accuracyPopular: number;
  /** Comparisons left out because a reward is missing (NaN). */
  readonly missing: number;
  /** Area under the ROC curve over the rewards of all rows together: do rewards of different histories compare? */
  readonly auc: AgainstBoth<number>;
  /** Probabilities as they come. */
  readonly calibration: AgainstBoth<Calibration>;
  /** Probabilities after Platt scaling fitted on `validation`, where that was given. */
  readonly scaled?: AgainstBoth<Calibration>;
  /**
   * Calibration of the probabilities of single rewards, if the subject has a calibration, on the logged actions and the
   * items drawn uniformly. `rewardForm: 'calibrated'` and environments to step through use these.
   */
  readonly probabilities?: RewardReliability;
  /** Rewards of the logged actions by kind of event, and of the items they were compared with. */
  readonly reward: AgainstBoth<Moments> & { readonly kinds: Readonly<Record<string, Moments>> };
  /**
   * Mean share of the k positives (the items of highest score) that occur in what is left of the user's history, the logged
   * action included. NaN of a subject that ranks nothing.
   */
  readonly precision: number;
  /** The same for the first 1, 2, ..., k positives. */
  readonly precisionAt: readonly number[];
  /** Share of the catalog that is among the positives of some row, or NaN. */
  readonly coverage: number;
  /** Mean popularity percentile in `train`, 0 (rarest) to 1: of the positives, and of what users did. */
  readonly popularity: { readonly positives: number; readonly logged: number };
  /** The rows whose action occurs in no row of `fitted`; NaN where there are none. */
  readonly cold: { readonly rows: number; readonly ndcg: number; readonly accuracyUniform: number };
  /** The values behind the means, for intervals and paired differences. */
  readonly perRow: FidelityRows;
}

/** One value per measured row, in the order of the test set. */
export interface FidelityRows {
  /** Indices of the rows in the test set. */
  readonly row: Int32Array;
  /** Rank of the logged action, from 1; 0 of a subject that ranks nothing. */
  readonly rank: Int32Array;
  /** Share of the row's comparisons that the logged action won; NaN if all are missing. */
  readonly accuracyUniform: Float64Array;
  /** The same against items drawn by popularity. */
  readonly accuracyPopular: Float64Array;
  /** Share of its positives that occur in the user's future, or NaN. */
  readonly precision: Float64Array;
  /** 1 where the action is a cold item. */
  readonly cold: Uint8Array;
  /** Index of the row's sequence, which is its user. */
  readonly user: Int32Array;
}
