import {
  argumentCheck,
  eventLoopTurn,
  type Given,
  isObject,
  LeaError,
  mean,
  parseOptions,
  type Task,
  task,
} from '@lea/core';
import type { InteractivePolicy, InteractiveUsers, Scorer, Visits } from '@lea/data';
import type { EvaluationEvent } from '../events.ts';
import { checkVectors, type UnitVectors } from '../vectors.ts';
import { diversityOf } from './diversity.ts';
import { type InteractiveOptions, interactiveSchema, type StoppingRule } from './options.ts';
import { bestAllowed, policyFor } from './policy.ts';

/** What is measured of a visit. */
export type VisitMeasure = 'return' | 'discounted' | 'length' | 'diversity';

/** How visits were played; always report it together with the numbers. */
export interface InteractiveProtocol {
  /** Name of the users. */
  readonly environment: string;
  /** Number of items. */
  readonly items: number;
  /** The option `rule`. */
  readonly rule: StoppingRule;
  /** Number of offers after which a visit ended: `length` under NX_X, `maxLength` under the other rules. */
  readonly maxLength: number;
  /** Discount factor of the discounted return. */
  readonly gamma: number;
  /** Whether the diversity is that of the items' vectors. */
  readonly vectors: boolean;
}

/** The result of {@link evaluateInteractive}. */
export interface InteractiveEvaluation {
  /** Name of the policy. */
  readonly name: string;
  /** [visits] the user of each visit */
  readonly user: Int32Array;
  /**
   * [visits] for each measure: `return` is the sum of the rewards, `discounted` the sum of gamma^t times the reward of offer t, from
   * 0, `length` the number of offers, `diversity` the mean of 1 - similarity over pairs of offered items.
   */
  readonly values: Readonly<Record<VisitMeasure, Float64Array>>;
  /** Means over visits. */
  readonly means: Readonly<Record<VisitMeasure, number>>;
  /** Share of offers that were accepted. */
  readonly acceptance: number;
  /** Share of visits that the users did not end themselves. */
  readonly cut: number;
  /** How the visits were played. */
  readonly protocol: InteractiveProtocol;
}

const checkUsers = argumentCheck(
  'users to visit',
  (value) => isObject(value) && typeof value.visit === 'function',
  'For example, use createWorld({ dynamics: {} }).users, or interactiveUsers(...) of @lea/env.',
);

/**
 * Plays visits: in each step the policy offers its best item that the rule allows, until the visit ends. Every user has one visit.
 * Equal users and policies give equal visits, whatever `parallel` is.
 *
 * @param policy a scorer, which sees the histories, or a policy that sees more of these users
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`, `E_CATALOG_SIZE`, `E_CATALOG_DIFFERS`, `E_SCORE_SHAPE`, `E_SCORE_NAN`,
 *   `E_VECTORS_SHAPE`
 */
export function evaluateInteractive<V extends Visits>(
  policy: Scorer | InteractivePolicy<V>,
  users: InteractiveUsers<V>,
  options?: Given<InteractiveOptions>,
): Task<InteractiveEvaluation, EvaluationEvent<'visits'>> {
  return task(() => playing(policy, users, options));
}

/** What a visit has come to. */
interface Played {
  readonly offered: number[];
  readonly rewards: number[];
  accepted: number;
  left: boolean;
}

async function* playing<V extends Visits>(
  policy: Scorer | InteractivePolicy<V>,
  users: InteractiveUsers<V>,
  options?: Given<InteractiveOptions>,
): AsyncGenerator<EvaluationEvent<'visits'>, InteractiveEvaluation> {
  checkUsers('evaluateInteractive', { users });
  const o = parseOptions('evaluateInteractive', interactiveSchema, options);
  const player = policyFor(policy, users);
  const vectors = o.vectors && checkVectors('evaluateInteractive', o.vectors, users.items);
  const fixed = o.rule === 'NX_X';
  if (fixed && o.length > users.items) {
    throw new LeaError('E_OPTION_VALUE', `evaluateInteractive: length must not exceed the ${users.items} items.`, {
      value: o.length,
      hint: 'NX_X offers every item at most once.',
    });
  }
  const all: Played[] = [];
  for (let first = 0; first < o.users; first += o.parallel) {
    const size = Math.min(o.parallel, o.users - first);
    const visits = await users.visit(o.firstUser + first, size);
    all.push(...(await play(player, visits, size, o)));
    yield { stage: 'visits', done: first + size, total: o.users, unit: 'visits' };
  }
  const user = Int32Array.from(all, (_, i) => o.firstUser + i);
  const { rule, gamma } = o;
  const maxLength = fixed ? o.length : o.maxLength;
  const protocol = { environment: users.name, items: users.items, rule, maxLength, gamma, vectors: !!vectors };
  return { name: player.name, user, ...measured(all, gamma, vectors), protocol };
}

/** Plays visits to their ends. */
async function play<V extends Visits>(
  player: InteractivePolicy<V>,
  visits: V,
  size: number,
  { rule, length, maxLength, signal }: InteractiveOptions,
): Promise<Played[]> {
  const fixed = rule === 'NX_X';
  const played = Array.from({ length: size }, (): Played => ({ offered: [], rewards: [], accepted: 0, left: false }));
  let going = played.map((_, row) => row);
  for (let step = 0; step < (fixed ? length : maxLength) && going.length > 0; step++) {
    signal?.throwIfAborted();
    const values = await player.plan(visits, going, !fixed);
    const items = values.length / going.length;
    const chosen = going.map((row, at) => {
      const refused = new Set(rule === 'FreeB' ? [] : played[row]!.offered);
      return bestAllowed(player.name, values.subarray(at * items, (at + 1) * items), refused);
    });
    // A visit ends when no item is left to offer.
    const rows = going.filter((_, at) => chosen[at]! >= 0);
    const offers = chosen.filter((item) => item >= 0);
    const { reward, accepted, left } = await visits.offer(rows, offers);
    rows.forEach((row, at) => {
      const visit = played[row]!;
      visit.offered.push(offers[at]!);
      visit.rewards.push(reward[at]!);
      if (accepted[at]) visit.accepted++;
      visit.left = !fixed && left[at]!;
    });
    going = rows.filter((row) => !played[row]!.left);
    await eventLoopTurn();
  }
  return played;
}

function measured(all: readonly Played[], gamma: number, vectors: UnitVectors | undefined) {
  const each = (measure: (visit: Played) => number) => Float64Array.from(all, measure);
  const values: Record<VisitMeasure, Float64Array> = {
    return: each(({ rewards }) => rewards.reduce((sum, reward) => sum + reward, 0)),
    discounted: each(({ rewards }) => rewards.reduceRight((later, reward) => reward + gamma * later, 0)),
    length: each(({ offered }) => offered.length),
    diversity: each(({ offered }) => diversityOf(offered, vectors)),
  };
  const means: Record<VisitMeasure, number> = {
    return: mean(values.return),
    discounted: mean(values.discounted),
    length: mean(values.length),
    diversity: mean(values.diversity),
  };
  const offers = values.length.reduce((sum, length) => sum + length, 0);
  return {
    values,
    means,
    acceptance: all.reduce((sum, { accepted }) => sum + accepted, 0) / offers,
    cut: all.filter(({ left }) => !left).length / all.length,
  };
}
