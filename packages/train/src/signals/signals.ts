import {
  argumentCheck,
  contentHash,
  fold,
  type Given,
  isObject,
  type Key,
  key,
  LeaError,
  parseOptions,
  permutation,
} from '@lea/core';
import { type Annotation, checkedRewards, checkTransitions, rowsHash, type Transitions } from '@lea/data';
import { independentRows } from '../steps/sampler.ts';
import { standardizedStates } from './environment-states.ts';
import { modeledReward, positiveRewards } from './modeled-reward.ts';
import { type SignalOptions, type SignalParts, type Signals, signalPartsSchema, signalSchema } from './options.ts';

/**
 * Turns an environment's annotation of the train rows into training signals: LEA's state, reward and action modeling
 * (Wang et al., SIGIR 2024), done once before training.
 *
 * - actions: soft targets over the annotation's k items, which never include the logged action. The weight is
 *   positivesWeight * softmax(z / temperature), with z = modeled reward in standard deviations of the logged actions' rewards.
 *   For the TD loss each positive action also gets a reward: the modeled one with `use.reward`, in the form below, otherwise
 *   the reward of the logged event.
 * - state: KL divergence to the environment's item distribution on the same k items. The weight is
 *   softmax(logits / temperature), which sums to 1. The weights of both parts are added. With `stateForm` the state vectors are
 *   used instead or as well, each column standardized.
 * - reward: 2 * sigmoid(z) times the event's reward, with z standardized over the logged train actions. The mean stays near the
 *   logged reward, and so does the scale of Q. `rewardForm` and `rewardMix` select other forms.
 *
 * @throws LeaError `E_SIGNALS_ROWS` (annotation of different rows), `E_SIGNALS_VALUE` (no part in use, or one that the annotation or `rewards` lack), `E_OPTION_VALUE`, `E_OPTION_UNKNOWN`
 */
export function leaSignals(annotation: Annotation, transitions: Transitions, options?: Given<SignalOptions>): Signals {
  checkAnnotations('leaSignals', { annotation });
  checkTransitions('leaSignals', { transitions });
  const given = parseOptions('leaSignals', signalSchema, options);
  const use = parseOptions('leaSignals.use', signalPartsSchema, given.use);
  checkParts(use);
  check(annotation, transitions, given);
  const source = ablated(annotation, transitions, given);
  const chosen = { ...given, use, k: Math.min(given.k, source.k) };
  const { stateForm } = given;
  const distilled = use.state && stateForm !== 'vectors';
  const valued = use.actions && given.rewards !== undefined;
  return {
    ...((use.actions || distilled) &&
      softTargets(source, transitions, { ...chosen, use: { ...use, state: distilled } })),
    ...(valued && { targetRewards: positiveRewards(source, transitions, chosen) }),
    ...(use.state && stateForm !== 'targets' && stateVectors(annotation)),
    ...(use.reward && { reward: modeledReward(source, transitions, chosen) }),
    rowsHash: rowsHash(transitions),
  };
}

/** Content hash of signals: part of a run's identity. */
export function signalsHash(signals: Signals | undefined): string | null {
  if (!signals) return null;
  const { reward = null, targets = null, targetWeights = null, k = null, targetRewards, environmentState } = signals;
  const more = Object.entries({ targetRewards, environmentState }).filter(([, values]) => values);
  return contentHash(reward, targets, targetWeights, k, ...more.flat());
}

type Source = Pick<
  Annotation,
  'k' | 'reward' | 'positives' | 'logits' | 'positiveRewards' | 'rewardMean' | 'rewardStd' | 'calibration'
>;

function stateVectors({ state, rows }: Annotation): Pick<Signals, 'environmentState' | 'stateSize'> {
  if (!state) {
    throw new LeaError('E_SIGNALS_VALUE', 'leaSignals: expected an annotation with states.', {
      hint: 'Annotate with states: true, or set stateForm to "targets".',
    });
  }
  return { environmentState: standardizedStates(state, rows), stateSize: state.length / rows };
}

function softTargets(
  source: Source,
  { count }: Transitions,
  options: { use: { state: boolean; actions: boolean }; positivesWeight: number; k: number; temperature: number },
): Required<Pick<Signals, 'targets' | 'targetWeights' | 'k'>> {
  const { use, positivesWeight, k, temperature } = options;
  const scale = 1 / ((source.rewardStd || 1) * temperature);
  const targets = new Int32Array(count * k);
  const targetWeights = new Float32Array(count * k);
  const scores = new Float64Array(k);
  const add = (row: number, weight: number, score: (slot: number) => number) => {
    for (let j = 0; j < k; j++) scores[j] = score(j);
    const highest = scores.reduce((most, one) => Math.max(most, one));
    let total = 0;
    for (let j = 0; j < k; j++) total += Math.exp(scores[j]! - highest);
    for (let j = 0; j < k; j++) targetWeights[row * k + j]! += (weight * Math.exp(scores[j]! - highest)) / total;
  };
  for (let row = 0; row < count; row++) {
    const at = row * source.k;
    targets.set(source.positives.subarray(at, at + k), row * k);
    if (use.actions) add(row, positivesWeight, (j) => source.positiveRewards[at + j]! * scale);
    if (use.state) add(row, 1, (j) => source.logits[at + j]! / temperature);
  }
  return { targets, targetWeights, k };
}

function ablated(annotation: Annotation, transitions: Transitions, options: SignalOptions): Source {
  const root = fold(key(options.seed), options.ablation);
  const shuffled = (values: Float32Array, label: string) => {
    const order = permutation(fold(root, label), values.length);
    return values.map((_, i) => values[order[i]!]!);
  };
  switch (options.ablation) {
    case 'none':
      return annotation;
    case 'random-positives':
      return { ...annotation, positives: randomPositives(annotation.k, transitions, root) };
    case 'shuffled-rewards':
      return {
        ...annotation,
        reward: shuffled(annotation.reward, 'logged'),
        positiveRewards: shuffled(annotation.positiveRewards, 'positives'),
      };
  }
}

/** Draws k distinct items per row, uniformly from all items except the logged action, in random order. */
function randomPositives(k: number, { sequences, event, count }: Transitions, root: Key): Int32Array {
  const others = sequences.itemIds.length - 1;
  if (k > others) {
    throw new LeaError(
      'E_SIGNALS_VALUE',
      `leaSignals: expected at least ${k} items besides the logged one for random-positives.`,
      {
        value: others,
        hint: 'Annotate with a smaller k.',
      },
    );
  }
  const draw = independentRows(root, others);
  const positives = new Int32Array(count * k);
  for (let row = 0; row < count; row++) {
    const drawn = positives.subarray(row * k, (row + 1) * k);
    draw(row, drawn);
    // The draws are from N - 1 values; those from the logged action on are shifted by one to skip it.
    const action = sequences.items[event[row]!]!;
    for (let j = 0; j < k; j++) if (drawn[j]! >= action) drawn[j]!++;
  }
  return positives;
}

const checkAnnotations = argumentCheck(
  'an annotation',
  (value) => isObject(value) && typeof value.rows === 'number' && ArrayBuffer.isView(value.positives),
  'Make one with await annotate(environment, train).',
);

/** Signals without a part would train the plain agent under the name of LEA. */
function checkParts(use: SignalParts): void {
  if (Object.values(use).some(Boolean)) return;
  throw new LeaError('E_SIGNALS_VALUE', 'leaSignals: expected at least one part of LEA in use.', {
    value: use,
    hint: 'Set state, reward or actions to true. To train without LEA, call fit without signals.',
  });
}

function check(annotation: Annotation, transitions: Transitions, options: SignalOptions): void {
  if (annotation.rows !== transitions.count) {
    throw new LeaError('E_SIGNALS_ROWS', `Expected an annotation of ${transitions.count} rows, like the transitions.`, {
      value: annotation.rows,
      hint: 'Annotate the transitions that you train on.',
    });
  }
  if (annotation.rowsHash !== undefined && annotation.rowsHash !== rowsHash(transitions)) {
    throw new LeaError('E_SIGNALS_ROWS', 'Expected an annotation of these transitions, got one of different rows.', {
      hint: 'Annotate the transitions that you train on.',
    });
  }
  if (options.use.reward && options.rewardForm === 'calibrated' && !annotation.calibration) {
    throw new LeaError(
      'E_SIGNALS_VALUE',
      'leaSignals: rewardForm "calibrated" needs an annotation with a calibration.',
      {
        value: options.rewardForm,
        hint: 'Annotate with a single environment that was fitted with validation, without pessimism, or set rewardForm to "sigmoid".',
      },
    );
  }
  if (options.rewards !== undefined) checkedRewards('leaSignals', transitions.sequences, options.rewards);
  else if (options.use.reward) {
    throw new LeaError(
      'E_SIGNALS_VALUE',
      'leaSignals: use.reward needs rewards, the scale that modeled rewards keep.',
      {
        hint: 'Pass the rewards of fit, such as { click: 0.2, purchase: 1 }.',
      },
    );
  }
}
