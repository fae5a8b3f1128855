import { fold, integers, type Key, permutation } from '@lea/core';
import { int32, keyTensorValue, type Values } from '@lea/tensor';
import type { FitEnvironmentOptions } from './fit-options.ts';
import {
  type BatchShape,
  negativeSampler,
  packSegments,
  predictedCounts,
  type Segment,
  segmentsOf,
  subsetOfSequences,
} from './segments.ts';

/** The histories of a fit, and the batches of them. */
export interface FitData {
  /** Segments of the sampled users. */
  readonly segments: readonly Segment[];
  /** Number of rows whose target is the item, [items]. */
  readonly counts: Int32Array;
  /** Shape of the batches. */
  readonly shape: BatchShape;
  /** A batch in the order of the log, for measurements before the fit. */
  first(): Values;
  /** Inputs of all steps of an epoch. */
  batchesOf(epoch: number): Values[];
}

/** @param prefix number of positions before the events @throws LeaError `E_DATA_EMPTY` */
export function fitData(o: FitEnvironmentOptions, root: Key, prefix: number): FitData {
  const { train } = o;
  const users = subsetOfSequences(train, o.userShare, root);
  const segments = segmentsOf(train, o.window, (sequence) => users.has(sequence));
  const counts = predictedCounts(train, users);
  const power = o.negativeSamplingPower;
  const weights = power > 0 ? Float64Array.from(counts, (count) => count ** power) : undefined;
  const negative = negativeSampler(train, segments, fold(root, 'negatives'), weights);
  const positions = 2 * (o.window + prefix);
  const rows = Math.max(1, Math.min(Math.round(o.batch / positions), segments.length));
  const shape = { rows, positions, prefix };
  const drawn = o.loss === 'sampled-softmax' ? o.sampledItems : 0;
  return {
    segments,
    counts,
    shape,
    first: () => packSegments(train, segments, shape, () => 0)[0]!,
    batchesOf(epoch) {
      const order = permutation(fold(root, `order ${epoch}`), segments.length);
      const shuffled = Array.from(order, (i) => segments[i]!);
      const packed = packSegments(train, shuffled, { ...shape, negatives: o.negatives }, (s, e, n) =>
        negative(epoch, s, e, n),
      );
      return packed.map((batch, step) => ({
        ...batch,
        key: keyTensorValue(fold(fold(root, `dropout ${epoch}`), step)),
        ...(drawn > 0 && {
          contrast: int32(integers(fold(fold(root, `contrast ${epoch}`), step), drawn, counts.length)),
        }),
      }));
    },
  };
}
