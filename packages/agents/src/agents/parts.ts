import { fold, type Given, type Key, LeaError } from '@lea/core';
import type { Specs, Tensors, Value, Values } from '@lea/tensor';
import type * as tf from '@tensorflow/tfjs-core';
import type { AgentParts } from '../define.ts';
import { allValues, head, initHead, initSupervisedHead, supervisedHead } from '../heads.ts';
import { uniformValue } from '../init.ts';
import type { Agent, Encoder, ItemStatistic, LossInput, Mode, Phase, Shape } from '../types.ts';
import { initAlignment, neededStateSize } from './alignment.ts';
import { qHints, supervisedHints } from './divergence-hints.ts';
import type { AlignmentOptions, GuidanceOptions } from './guidance.ts';
import type { QOptions, SupervisedLossOptions } from './options.ts';

type Shared = Omit<AgentParts, 'phases' | 'loss'>;

/**
 * All parts of an agent with a supervised head except phases and loss. With `alignmentWeight`, pass the loss through
 * `aligned`.
 */
export function supervisedParts(options: SupervisedLossOptions & Given<AlignmentOptions>, encoder: Encoder): Shared {
  const { loss, sampledItems, samplingPower, alignmentWeight = 0 } = options;
  const sampled = loss !== 'softmax';
  return {
    networks: 1,
    target: 'none',
    tau: 0,
    copyEvery: 0,
    ...(sampled && { sampling: { sampledItems, power: samplingPower } }),
    frozen: loss === 'sampled-softmax' ? ['logQ'] : [],
    itemTables: { ...encoderTables(encoder), ...supervisedTable(encoder) },
    divergenceHints: supervisedHints('lr'),
    rankingHead: 'supervised',
    everyPosition: encoder.everyPosition,
    readsEnvironmentState: alignmentWeight > 0,
    init: (key, shape, text) => ({
      ...initNetwork(key, encoder, shape, text),
      ...initAlignment(key, options, encoder, shape),
    }),
    inputs: (batchSize, window, targets, { stateSize = 0, rowWeights = false } = {}) => ({
      ...supervisedInputs(batchSize, window, targets),
      ...(rowWeights && { rowWeight: { dtype: 'float32', shape: [batchSize] } }),
      ...(sampled && { candidates: { dtype: 'int32', shape: [sampledItems] } }),
      ...(alignmentWeight > 0 &&
        stateSize > 0 && { environmentState: { dtype: 'float32', shape: [batchSize, stateSize] } }),
    }),
    score: (params, histories, frozen) => score(encoder, 'supervised', params, histories, frozen),
  };
}

/**
 * All parts of an agent with a supervised head, a Q head and a target network, except phases and loss. The loss must read the
 * rewards of `augmentedActions` and the environment's states for `criticState`, as `critic` does.
 */
export function qParts(options: QOptions & Given<GuidanceOptions>, encoder: Encoder): Shared {
  const supervised = supervisedParts(options, encoder);
  const { augmentedActions = 0, criticState = false } = options;
  const statistics: ItemStatistic[] = options.cqlWeight > 0 && supervised.sampling ? ['logQ'] : [];
  return {
    ...supervised,
    networks: options.target === 'coin' ? 2 : 1,
    target: options.target,
    tau: options.target === 'polyak' ? options.tau : 0,
    copyEvery: options.target === 'copy' ? options.copyEvery : 0,
    frozen: [...new Set([...supervised.frozen, ...statistics])],
    divergenceHints: qHints('lr'),
    rankingHead: options.rankingHead,
    itemTables: { ...supervised.itemTables, 'q.weight': 'choices' },
    init: (key, shape, text) => ({
      ...supervised.init(key, shape, text),
      ...initCritic(key, options, encoder, shape),
    }),
    readsEnvironmentState: criticState || supervised.readsEnvironmentState === true,
    readsOtherProbabilities: options.bcqThreshold > 0,
    inputs: (batchSize, window, targets = 0, signals = {}) => ({
      ...supervised.inputs(batchSize, window, targets, signals),
      ...transitionInputs(batchSize, window),
      ...(augmentedActions > 0 && signals.targetRewards && rewardInputs(batchSize, targets)),
      ...(criticState && stateInputs(batchSize, signals.stateSize)),
    }),
    score: (params, histories, frozen) => score(encoder, options.rankingHead, params, histories, frozen),
  };
}

/** The inputs of TD losses besides histories and actions. */
export function transitionInputs(batchSize: number, window: number): Specs {
  return {
    reward: { dtype: 'float32', shape: [batchSize] },
    done: { dtype: 'float32', shape: [batchSize] },
    nextItems: { dtype: 'int32', shape: [batchSize, window] },
    nextLength: { dtype: 'int32', shape: [batchSize] },
  };
}

function rewardInputs(batchSize: number, targets: number): Specs {
  return targets > 0 ? { targetRewards: { dtype: 'float32', shape: [batchSize, targets] } } : {};
}

function stateInputs(batchSize: number, stateSize = 0): Specs {
  const states = { dtype: 'float32', shape: [batchSize, stateSize] } as const;
  return stateSize > 0 ? { environmentState: states, nextEnvironmentState: states } : {};
}

/**
 * The Q head `q.weight` of one network. With `criticState` it is twice as wide, for a projection of the environment's states
 * by `q.environment.weight` [H, E].
 *
 * @param heads number of heads of an ensemble; default: 1
 */
export function initCritic(
  key: Key,
  { criticState = false }: Given<GuidanceOptions>,
  { outputSize }: Encoder,
  shape: Shape,
  heads = 1,
): Values {
  const own = fold(key, 'heads');
  if (!criticState) return initHead(own, 'q', shape.items, outputSize, heads);
  const stateSize = neededStateSize(shape);
  const bound = Math.sqrt(6 / (outputSize + stateSize));
  return {
    ...initHead(own, 'q', shape.items, 2 * outputSize, heads),
    'q.environment.weight': uniformValue(own, 'q.environment.weight', [outputSize, stateSize], bound),
  };
}

/** A single phase that ends by early stopping. */
export function onePhase(lr: number): Phase[] {
  return [{ name: 'train', optimizer: { lr }, start: 'last', steps: 'early-stopping' }];
}

/**
 * A warm-up phase, followed by a phase with a fresh optimizer. The second phase starts from the best checkpoint of the first
 * if that ends by early stopping, otherwise from its last weights.
 */
export function twoPhases(warmup: Phase['steps'], lr: number, second: { name: string; lr: number }): Phase[] {
  return [
    { name: 'warmup', optimizer: { lr }, start: 'last', steps: warmup },
    {
      name: second.name,
      optimizer: { lr: second.lr },
      start: warmup === 'early-stopping' ? 'best' : 'last',
      steps: 'early-stopping',
    },
  ];
}

/**
 * The target network's parameters.
 *
 * @throws LeaError `E_TARGET_MISSING`
 */
export function neededTarget({ target }: LossInput): Tensors {
  if (target) return target;
  throw new LeaError('E_TARGET_MISSING', 'The loss needs the parameters of a target network.', {
    hint: 'Pass them as target.',
  });
}

/** The mode of a pass: with dropout in training, and separate dropout masks per label. */
export function passMode({ key, frozen }: LossInput, label: string, train = true): Mode {
  return { train, key, label, ...(frozen.text && { text: frozen.text }) };
}

/** The histories of a batch. */
export function historiesOf({ batch }: LossInput): { items: tf.Tensor; length: tf.Tensor } {
  return { items: batch.items!, length: batch.length! };
}

/** The histories after the logged actions. */
export function nextHistoriesOf({ batch }: LossInput): { items: tf.Tensor; length: tf.Tensor } {
  return { items: batch.nextItems!, length: batch.nextLength! };
}

/** The item tables of the encoder, which are read at all items of a batch. */
export function encoderTables(encoder: Encoder): Agent['itemTables'] {
  return Object.fromEntries(encoder.itemTables.map((name) => [name, 'batch']));
}

/** The item table of the supervised head: read at all items of a batch if it is tied or if every position has a label. */
function supervisedTable({ tied, everyPosition }: Encoder): Agent['itemTables'] {
  if (tied === 'bias') return { 'ce.bias': 'batch' };
  return tied ? {} : { 'ce.weight': everyPosition ? 'batch' : 'choices' };
}

function initNetwork(key: Key, encoder: Encoder, shape: Shape, text: Value | undefined): Values {
  return {
    ...encoder.init(fold(key, 'encoder'), shape, text),
    ...initSupervisedHead(fold(key, 'heads'), encoder, shape),
  };
}

function supervisedInputs(batchSize: number, window: number, targets = 0): Specs {
  const extra: Specs = {
    targets: { dtype: 'int32', shape: [batchSize, targets] },
    targetWeights: { dtype: 'float32', shape: [batchSize, targets] },
  };
  return {
    items: { dtype: 'int32', shape: [batchSize, window] },
    length: { dtype: 'int32', shape: [batchSize] },
    action: { dtype: 'int32', shape: [batchSize] },
    ...(targets > 0 && extra),
  };
}

function score(
  encoder: Encoder,
  rankingHead: 'supervised' | 'q',
  params: Tensors,
  histories: Parameters<Agent['score']>[1],
  frozen: Tensors = {},
): tf.Tensor2D {
  const states = encoder.encode(params, histories, {
    train: false,
    label: 'score',
    ...(frozen.text && { text: frozen.text }),
  });
  return allValues(
    rankingHead === 'q' ? head(params, 'q', states) : supervisedHead(encoder, params, states, frozen.text),
  );
}
