import { leaveOwnUserOut, type RowProbabilities } from '@lea/agents';
import { fold, type Key, LeaError, randomBits } from '@lea/core';
import { batchOf, itemCounts } from '@lea/data';
import type { Specs, Values } from '@lea/tensor';
import type { Plan } from '../options.ts';
import { followingRows } from '../signals/environment-states.ts';
import { createItemSampler } from './item-sampler.ts';
import { createSampler, eventsPerRow } from './sampler.ts';
import { samplingWeights } from './statistics.ts';
import { widthFor } from './widths.ts';

/** The stacked inputs of consecutive steps, and the network that each step trains. */
export interface Chunk {
  /** The first step. */
  readonly from: number;
  /** Number of steps. */
  readonly steps: number;
  /** Every value has the leading dimension `steps`. */
  readonly inputs: Values;
  /** [steps]: index of the network that is updated. */
  readonly trained: Uint8Array;
  /** [steps]: the width that holds the histories of a step, see `widthFor`. */
  readonly widths: Int32Array;
}

/**
 * Creates chunks of stacked batches. A chunk is a pure function of the run's key and its steps, so the result does not depend on
 * where chunks begin and end. Each chunk has its own buffers, because the previous chunk is still being read.
 *
 * @param specs the inputs of one step, without the leading dimension
 */
export function createBatches(plan: Plan, root: Key, specs: Specs): (from: number, steps: number) => Chunk {
  const { agent, train, batch, window, rewards, signals, networks } = plan;
  const sampler = createSampler(plan.sampler, fold(root, 'rows'), { train, batch, window });
  const stepKey = fold(root, 'step');
  const coin = fold(root, 'coin').words;
  const { sampling } = agent;
  const bucketed = 'buckets' in plan.sampler && plan.sampler.buckets === true;
  const remembered = plan.joint && leaveOwnUserOut(train, plan.joint);
  const candidates =
    sampling && createItemSampler(fold(root, 'candidates'), samplingWeights(itemCounts(train), sampling.power));
  const following = 'nextEnvironmentState' in specs ? followingRows(train) : undefined;
  const eventsOfRow = 'rowWeight' in specs ? eventsPerRow(train, window) : 1;
  return (from, steps) => {
    const rows = new Int32Array(steps * batch);
    const keys = new Int32Array(steps * 2);
    const trained = new Uint8Array(steps);
    for (let i = 0; i < steps; i++) {
      sampler(from + i, rowOf(rows, i, batch));
      keys.set(fold(stepKey, from + i).words, i * 2);
      if (networks === 2) trained[i] = randomBits(coin, from + i) >>> 31;
    }
    const { items, length, action, reward, done, nextItems, nextLength } = batchOf(train, rows, { window, rewards });
    const available: Record<string, Float32Array | Int32Array> = {
      key: keys,
      items,
      length: atLeastOne(length, window),
      action,
      reward: signals?.reward ? gather(signals.reward, rows, 1) : reward,
      done: Float32Array.from(done),
      nextItems,
      nextLength: atLeastOne(nextLength, window),
    };
    const used = 'nextLength' in specs ? nextLength : length;
    const widths = Int32Array.from({ length: steps }, (_, i) =>
      bucketed ? widthFor(largest(rowOf(used, i, batch)), window) : window,
    );
    if (sampling && candidates) {
      available.candidates = new Int32Array(steps * sampling.sampledItems);
      for (let i = 0; i < steps; i++) candidates(from + i, rowOf(available.candidates, i, sampling.sampledItems));
    }
    if ('rowWeight' in specs) available.rowWeight = Float32Array.from(available.length!, (n) => n / eventsOfRow);
    if (remembered) available.memory = probabilities(remembered, rows, plan.shape.items);
    if (signals?.targets) available.targets = gather(signals.targets, rows, signals.k!);
    if (signals?.targetWeights) available.targetWeights = gather(signals.targetWeights, rows, signals.k!);
    if (signals?.targetRewards) available.targetRewards = gather(signals.targetRewards, rows, signals.k!);
    if (signals?.environmentState) {
      const ofRows = (some: Int32Array) => gather(signals.environmentState!, some, signals.stateSize!);
      if ('environmentState' in specs) available.environmentState = ofRows(rows);
      if (following) available.nextEnvironmentState = ofRows(rows.map((row) => following[row]!));
    }
    const inputs: Values = {};
    for (const [name, { dtype, shape }] of Object.entries(specs)) {
      const data = available[name];
      if (!data) {
        throw new LeaError('E_TRAIN_INPUT', 'The agent needs an input that the trainer does not provide.', {
          value: name,
          hint: `It provides: ${Object.keys(available).join(', ')}.`,
        });
      }
      inputs[name] = { dtype, shape: [steps, ...shape], data };
    }
    return { from, steps, inputs, trained, widths };
  };
}

/** Steps `[begin, end)` of a chunk, sharing its buffers. */
export function slice(inputs: Values, begin: number, end: number): Values {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, { dtype, shape, data }]) => {
      const size = data.length / shape[0]!;
      return [name, { dtype, shape: [end - begin, ...shape.slice(1)], data: data.subarray(begin * size, end * size) }];
    }),
  );
}

/**
 * The ranges `[begin, end)` of a chunk that one call of the runtime does.
 *
 * @param goesOn whether step b may follow step a, the first of a range, in the same call
 */
export function* stretches(
  { steps }: Chunk,
  goesOn: (a: number, b: number) => boolean,
): Generator<[begin: number, end: number]> {
  for (let begin = 0, end = 0; begin < steps; begin = end) {
    end = begin + 1;
    while (end < steps && goesOn(begin, end)) end++;
    yield [begin, end];
  }
}

/** The probabilities of all items by a memory, row by row. */
function probabilities(of: RowProbabilities, rows: Int32Array, items: number): Float32Array {
  const all = new Float32Array(rows.length * items);
  rows.forEach((row, i) => {
    of(row, all.subarray(i * items, (i + 1) * items));
  });
  return all;
}

function largest(values: Int32Array): number {
  return values.reduce((most, value) => Math.max(most, value), 0);
}

function rowOf(values: Int32Array, row: number, size: number): Int32Array {
  return values.subarray(row * size, (row + 1) * size);
}

/** An empty history is passed to agents as one padding item. */
function atLeastOne(length: Int32Array, window: number): Int32Array {
  return length.map((n) => Math.max(1, Math.min(n, window)));
}

/** The values of the given rows, `size` values each; zeros for row -1. */
function gather<T extends Float32Array | Int32Array>(values: T, rows: Int32Array, size: number): T {
  const out = new (values.constructor as new (length: number) => T)(rows.length * size);
  for (let i = 0; i < rows.length; i++) {
    if (rows[i]! < 0) continue;
    const at = rows[i]! * size;
    for (let j = 0; j < size; j++) out[i * size + j] = values[at + j]!;
  }
  return out;
}
