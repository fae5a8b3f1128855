import {
  checkRanges,
  finite,
  type Given,
  type OptionsSchema,
  oneOf,
  option,
  parseOptions,
  reference,
  whole,
} from '@lea/core';
import { type Encoded, encodedBetween } from './encoded.ts';
import { type Positives, topItems } from './top-items.ts';

/** How positive actions are chosen. */
export interface PositiveRule {
  /**
   * `state` ranks by the similarity of state and item, `reward` by the reward model among the `shortlist`. The latter is closer to
   * what users like of what they might take next, at the price of that many rewards. Default: `state`.
   */
  readonly rankBy: 'state' | 'reward';
  /** Items that `rankBy: 'reward'` chooses from (default five times as many as are chosen). Higher: rarer and riskier items. */
  readonly shortlist: number | undefined;
  /**
   * Factor c of the popularity that is subtracted from state logits: logit - c * log(share). The share is that of the item among
   * the fitted rows, where each item is counted once more than it occurs. Higher: less popular items; 1 removes all popularity
   * that a softmax over logged actions has learned. Default: 0.
   */
  readonly popularityCorrection: number;
}

/** Options of `positives`. */
export interface PositiveOptions extends PositiveRule {
  /** c of mean - c * deviation over the score heads, by which `rankBy: 'reward'` ranks (default 0: the mean). */
  readonly pessimism: number;
  /** Per history the items that may not be among them. */
  readonly exclude: readonly Iterable<number>[] | undefined;
}

export const ruleSchema: OptionsSchema<PositiveRule> = {
  rankBy: option(oneOf('state', 'reward'), 'state'),
  shortlist: option(whole(1), undefined),
  popularityCorrection: option(finite(0), 0),
};
const schema: OptionsSchema<PositiveOptions> = {
  ...ruleSchema,
  pessimism: option(finite(0), 0),
  exclude: option(reference<readonly Iterable<number>[]>(), undefined),
};

interface Asked {
  readonly items: number;
  /** How often each item occurs in the rows of the fit. */
  readonly counts: Int32Array;
  scoreEncoded(encoded: Encoded): Promise<Float32Array>;
  rewardsEncoded(encoded: Encoded, actions: Int32Array, options: { pessimism: number }): Promise<Float32Array>;
}

/** Maximum number of logits in memory. */
const LOGITS = 2 ** 24;

/**
 * The k best items after each history, best first, with their state logits before popularity correction.
 *
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE` (also if fewer than k items remain), `E_SCORE_NAN`
 */
export async function positivesOf(
  env: Asked,
  encoded: Encoded,
  k: number,
  options?: Given<PositiveOptions>,
): Promise<Positives> {
  const o = parseOptions('positives', schema, options);
  checkRanges('positives', { k }, { k: [1, env.items, 'whole'] });
  const { size } = encoded.windows;
  const block = Math.max(1, Math.floor(LOGITS / env.items));
  const best: Positives = { k, items: new Int32Array(size * k), logits: new Float32Array(size * k) };
  for (let from = 0; from < size; from += block) {
    const to = Math.min(from + block, size);
    const exclude = o.exclude?.slice(from, to);
    const { items, logits } = await bestOf(env, encodedBetween(encoded, from, to), k, { ...o, exclude });
    best.items.set(items, from * k);
    best.logits.set(logits, from * k);
  }
  return best;
}

async function bestOf(env: Asked, encoded: Encoded, k: number, o: PositiveOptions): Promise<Positives> {
  const { size } = encoded.windows;
  const { items } = env;
  const logits = await env.scoreEncoded(encoded);
  const compared =
    o.popularityCorrection === 0 ? logits : corrected(logits, logShares(env.counts), o.popularityCorrection);
  const own = ({ items: chosen }: Positives): Positives => ({
    k,
    items: chosen,
    logits: Float32Array.from(chosen, (item, i) => logits[Math.floor(i / k) * items + item]!),
  });
  if (o.rankBy === 'state') return own(topItems(compared, size, k, o.exclude));

  const banned = Math.max(0, ...(o.exclude ?? []).map((out) => new Set(out).size));
  const m = Math.max(k, Math.min(o.shortlist ?? 5 * k, items - banned));
  const shortlist = topItems(compared, size, m, o.exclude).items;
  const rewards = await env.rewardsEncoded(encoded, shortlist, { pessimism: o.pessimism });
  const best = topItems(rewards, size, k);
  return own({ ...best, items: best.items.map((place, i) => shortlist[Math.floor(i / k) * m + place]!) });
}

function logShares(counts: Int32Array): Float64Array {
  const total = counts.reduce((a, b) => a + b, counts.length);
  return Float64Array.from(counts, (count) => Math.log((count + 1) / total));
}

function corrected(logits: Float32Array, logShare: Float64Array, c: number): Float32Array {
  return logits.map((logit, i) => logit - c * logShare[i % logShare.length]!);
}
