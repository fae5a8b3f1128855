import { checkMemory, createPolicy, type Fusion, type Memory, type Policy, type ScoringOptions } from '@lea/agents';
import {
  abortSignal,
  custom,
  type Given,
  LeaError,
  type OptionsSchema,
  oneOf,
  option,
  type Progress,
  parseOptions,
  type Task,
  task,
  text,
} from '@lea/core';
import { historyWindows, itemsBefore, type Transitions } from '@lea/data';
import { averages } from '@lea/eval';
import { CUTOFFS, checkMetric } from './metric.ts';

/** Options of `fuse` and `fitFusion`. */
export interface FuseOptions {
  /**
   * `after` adds weight * ln softmax to ln p, `mixture` mixes the probabilities with the network's share as weight. Default:
   * `after`.
   */
  readonly form: 'after' | 'mixture';
  /** Validation metric to maximize. Default: `ndcg@10`. */
  readonly metric: string;
  /** Items that validation leaves out of the ranking, as `exclude` of `evaluate` does. Default: `none`. */
  readonly exclude: 'none' | 'seen';
  /** Network weights to try; 0 is the memory alone. Default: 0 to 2.5 for `after`, 0 to 1 for `mixture`. */
  readonly weights: readonly number[] | undefined;
  /** Repeat weights to try; for each network weight the one with the highest likelihood is used. Default: -6 to 6. */
  readonly repeats: readonly number[] | undefined;
  /** Stops between two batches by throwing the reason of the signal. Default: none. */
  readonly signal: AbortSignal | undefined;
}

const numbersFrom = (low: number) => (given: unknown) =>
  Array.isArray(given) && given.length > 0 && given.every((value) => Number.isFinite(value) && value >= low);

/** Defaults and checks of `FuseOptions`. */
export const fuseSchema: OptionsSchema<FuseOptions> = {
  form: option(oneOf('after', 'mixture'), 'after'),
  metric: option(text, 'ndcg@10'),
  exclude: option(oneOf('none', 'seen'), 'none'),
  weights: option(
    custom<readonly number[]>(numbersFrom(0), 'must be a list of one or more numbers of at least 0.'),
    undefined,
  ),
  repeats: option(
    custom<readonly number[]>(numbersFrom(-Infinity), 'must be a list of one or more finite numbers.'),
    undefined,
  ),
  signal: option(abortSignal, undefined),
};

/** Progress of a fusion: the number of validation events read. */
export type FusionEvent = Progress<'fusion', 'events'>;

/** The fitted weights and how they were found. */
export interface FittedFusion {
  /** The best combination on validation. */
  readonly fusion: Fusion;
  /** The validation metric of this combination. */
  readonly value: number;
  /** Every network weight that was tried, with its most likely repeat weight and its validation metric. */
  readonly curve: readonly { readonly weight: number; readonly repeat: number; readonly value: number }[];
}

const WEIGHTS = {
  after: [0, 0.15, 0.3, 0.5, 0.75, 1, 1.5, 2.5],
  mixture: [0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1],
} as const;

const REPEATS = [-6, -5, -4, -3, -2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2, 3, 4, 5, 6];

/** Number of histories per call. */
const BATCH = 256;

/** A policy with a memory. */
export interface Fused extends FittedFusion {
  /** The caller disposes it; the original policy is not changed. */
  readonly policy: Policy;
}

/**
 * Combines a trained policy with a counting memory, see `fitFusion`.
 *
 * @param policy without a memory: `createPolicy` makes one of `agent`, `params` and `shape` of a policy that has one
 * @throws LeaError as `fitFusion`
 */
export function fuse(
  policy: Policy,
  memory: Memory,
  validation: Transitions,
  options: Given<FuseOptions> & ScoringOptions = {},
): Task<Fused, FusionEvent> {
  return task(async function* () {
    const { batch, threads, backend, ...given } = options;
    const fitted = yield* fitFusion(policy, memory, validation, given);
    const { agent, params, shape, text, itemIds } = policy;
    const parts = { text, itemIds, memory, fusion: fitted.fusion };
    return { ...fitted, policy: createPolicy(agent, params, shape, { ...parts, batch, threads, backend }) };
  });
}

/**
 * Finds the weight of a network next to a memory: the one with the highest validation metric. The repeat weight is the one
 * with the highest likelihood of the validation events: it affects few events, so a ranking metric would choose it by chance.
 * Q values are divided by their typical spread before the softmax.
 *
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`, `E_TRAIN_METRIC`, `E_MEMORY` (a memory of a different catalog, or a
 *   policy that has one already), `E_SCORE_NAN`
 */
export function fitFusion(
  policy: Policy,
  memory: Memory,
  validation: Transitions,
  options?: Given<FuseOptions>,
): Task<FittedFusion, FusionEvent> {
  return task(() => fitting(policy, memory, validation, options));
}

async function* fitting(
  policy: Policy,
  memory: Memory,
  validation: Transitions,
  options?: Given<FuseOptions>,
): AsyncGenerator<FusionEvent, FittedFusion> {
  const { form, metric, exclude, signal, ...o } = parseOptions('fuse', fuseSchema, options);
  checkMetric(metric, validation);
  const weights = o.weights ?? WEIGHTS[form];
  if (form === 'mixture' && weights.some((weight) => weight > 1)) {
    throw new LeaError('E_OPTION_VALUE', 'fuse: weights of a mixture must be at most 1.', { value: weights });
  }
  const { agent, shape } = policy;
  checkMemory(memory, shape.items);
  if (policy.memory) {
    throw new LeaError('E_MEMORY', `fuse: expected a policy without a memory, but ${policy.name} has one.`, {
      value: policy.fusion,
      hint: 'Pass its network alone: createPolicy(policy.agent, policy.params, policy.shape). Not after "joint": train another.',
    });
  }
  const own = memory.config.repeat;
  const repeats = o.repeats ?? REPEATS;
  const { items } = shape;
  const { sequences, event, count } = validation;
  const target = Int32Array.from(event, (e) => sequences.items[e]!);
  const kind = Uint8Array.from(event, (e) => sequences.kind[e]!);
  const ranks = weights.map(() => repeats.map(() => new Int32Array(count)));
  const likelihoods = weights.map(() => new Float64Array(repeats.length));
  const fused = new Float32Array(items);
  let temperature = 1;
  for (let from = 0; from < count; from += BATCH) {
    signal?.throwIfAborted();
    const rows = Int32Array.from({ length: Math.min(BATCH, count - from) }, (_, i) => from + i);
    const windows = historyWindows(validation, rows, memory.config.window);
    const counted = await memory.score(windows);
    const network = await policy.score(historyWindows(validation, rows, shape.window));
    if (from === 0 && agent.rankingHead === 'q') temperature = spread(network, items);
    for (let i = 0; i < rows.length; i++) {
      const seen = new Set(windows.items.subarray(i * windows.window, i * windows.window + windows.length[i]!));
      const excluded = new Set(exclude === 'seen' ? itemsBefore(validation, from + i) : []);
      const theirs = counted.subarray(i * items, (i + 1) * items);
      for (const item of seen) theirs[item]! -= own;
      const ours = logSoftmax(network.subarray(i * items, (i + 1) * items), temperature);
      for (const [w, weight] of weights.entries()) {
        combine({ form, weight }, theirs, ours, fused);
        const rank = ranker(fused, target[from + i]!, seen, excluded);
        const share = shareOf(fused, seen);
        for (const [r, repeat] of repeats.entries()) {
          ranks[w]![r]![from + i] = rank(repeat);
          likelihoods[w]![r]! += (seen.has(target[from + i]!) ? repeat : 0) - Math.log1p(share * Math.expm1(repeat));
        }
      }
    }
    yield { stage: 'fusion', done: from + rows.length, total: count, unit: 'events' };
  }
  const curve = weights.map((weight, w) => {
    const likely = likelihoods[w]!;
    const r = likely.indexOf(Math.max(...likely));
    if (r < 0) {
      throw new LeaError('E_SCORE_NAN', `fuse: the scores of ${policy.name} or of its memory are NaN.`, {
        hint: 'The training of the policy may have diverged: lower its learning rate.',
      });
    }
    const value = averages(ranks[w]![r]!, kind, sequences.kinds, CUTOFFS)[metric]!;
    return { weight, repeat: repeats[r]!, value };
  });
  const { value, weight, repeat } = curve.reduce((best, point) => (point.value > best.value ? point : best));
  return { fusion: { form, weight, temperature, repeat }, value, curve };
}

/**
 * Writes the scores of a history into `out`, without those of repeats: the formula of `withMemory` of @lea/agents, on the host,
 * where a single pass of the network serves all weights.
 *
 * @param counted ln p of the memory
 * @param network ln softmax of the network
 */
export function combine(
  { form, weight }: Pick<Fusion, 'form' | 'weight'>,
  counted: Float32Array,
  network: Float32Array,
  out: Float32Array,
): void {
  for (let item = 0; item < out.length; item++) {
    out[item] =
      form === 'after'
        ? counted[item]! + weight * network[item]!
        : Math.log((1 - weight) * Math.exp(counted[item]!) + weight * Math.max(Math.exp(network[item]!), 1e-30));
  }
}

/** The total softmax probability of the given items. */
function shareOf(scores: Float32Array, some: ReadonlySet<number>): number {
  let highest = -Infinity;
  for (const score of scores) if (score > highest) highest = score;
  let [total, own] = [0, 0];
  for (const score of scores) total += Math.exp(score - highest);
  for (const item of some) own += Math.exp(scores[item]! - highest);
  return own / total;
}

/** The rank of an item among those not excluded, from 1, after a number is added to the scores of the items in `seen`. */
function ranker(
  scores: Float32Array,
  target: number,
  seen: ReadonlySet<number>,
  excluded: ReadonlySet<number>,
): (added: number) => number {
  const rivals = [...seen].filter((item) => item !== target && !excluded.has(item));
  const isAbove = (score: number, item: number, own: number) => score > own || (score === own && item < target);
  const aboveAmongOthers = (own: number) => {
    let above = 0;
    for (let item = 0; item < scores.length; item++) {
      if (isAbove(scores[item]!, item, own) && item !== target && !seen.has(item) && !excluded.has(item)) above++;
    }
    return above;
  };
  const unmoved = seen.has(target) ? undefined : aboveAmongOthers(scores[target]!);
  return (added) => {
    const own = Math.fround(scores[target]! + (seen.has(target) ? added : 0));
    let above = unmoved ?? aboveAmongOthers(own);
    for (const item of rivals) if (isAbove(Math.fround(scores[item]! + added), item, own)) above++;
    return above + 1;
  };
}

/** The log-softmax of scores / temperature. */
export function logSoftmax(scores: Float32Array, temperature: number): Float32Array {
  let highest = -Infinity;
  for (const score of scores) if (score > highest) highest = score;
  let sum = 0;
  for (const score of scores) sum += Math.exp((score - highest) / temperature);
  const log = Math.log(sum);
  return scores.map((score) => (score - highest) / temperature - log);
}

/** Square root of the variance of the scores of a history, averaged over histories. */
function spread(scores: Float32Array, items: number): number {
  let [variance, rows] = [0, 0];
  for (let at = 0; at < scores.length; at += items, rows++) {
    const own = scores.subarray(at, at + items);
    const mean = own.reduce((sum, score) => sum + score, 0) / items;
    variance += own.reduce((sum, score) => sum + (score - mean) ** 2, 0) / items;
  }
  return Math.sqrt(variance / rows) || 1;
}
