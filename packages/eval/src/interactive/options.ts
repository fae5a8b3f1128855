import { abortSignal, type OptionsSchema, oneOf, option, reference, share, whole } from '@lea/core';
import type { TextVectors } from '../vectors.ts';

/**
 * When a visit ends and what may be offered, as in EasyRL4Rec (Yu et al., SIGIR 2024, arXiv 2402.15164; README of its code, section
 * Unified Evaluation): `FreeB` allows repeated offers, and the users' own rule ends the visit. `NX_0` forbids repeated offers, and
 * the users' own rule ends the visit. `NX_X` forbids repeated offers, and the visit has X offers whatever the users' rule says.
 */
export type StoppingRule = 'FreeB' | 'NX_0' | 'NX_X';

/** Options of `evaluateInteractive`. */
export interface InteractiveOptions {
  /** `FreeB` lets a visit repeat offers, `NX_0` does not, `NX_X` does not and ends it after X offers. Default: `FreeB`. */
  readonly rule: StoppingRule;
  /** Number X of offers of a visit (`NX_X` only). Default: 10, as in EasyRL4Rec. */
  readonly length: number;
  /** Number of offers after which a visit is cut (`FreeB` and `NX_0`). Higher: patient users count more. Default: 100, as in EasyRL4Rec. */
  readonly maxLength: number;
  /** Number of users; each has one visit. More: narrower intervals. Default: 200. */
  readonly users: number;
  /** The first user. Policies that get the same users can be compared in pairs. Default: 0. */
  readonly firstUser: number;
  /** Discount factor of the discounted return. Lower: the first offers count more. Default: 0.9. */
  readonly gamma: number;
  /** Number of visits that go on side by side. More: fewer and larger calls of the models, more memory. Default: 64. */
  readonly parallel: number;
  /** Item vectors by which the diversity is measured. Default: items are either equal or entirely different. */
  readonly vectors: TextVectors | undefined;
  /** Aborts before the next offer; the task rejects with the signal's reason. Default: none. */
  readonly signal: AbortSignal | undefined;
}

/** Defaults and checks of {@link InteractiveOptions}. */
export const interactiveSchema: OptionsSchema<InteractiveOptions> = {
  rule: option(oneOf('FreeB', 'NX_0', 'NX_X'), 'FreeB'),
  length: option(whole(1), 10),
  maxLength: option(whole(1), 100),
  users: option(whole(1, 2 ** 31), 200),
  firstUser: option(whole(0, 2 ** 52), 0),
  gamma: option(share, 0.9),
  parallel: option(whole(1, 4096), 64),
  vectors: option(reference<TextVectors>(), undefined),
  signal: option(abortSignal, undefined),
};
