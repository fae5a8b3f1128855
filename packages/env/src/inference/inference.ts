import type { Values } from '@lea/tensor';
import type { EnvironmentConfig } from '../model/config.ts';
import { type CompiledPrograms, compiledPrograms } from './compiled-programs.ts';
import { type FittedValues, inferenceWeights } from './weights.ts';

/** The parts that the passes over histories, states and actions share. */
export interface Inference {
  readonly config: EnvironmentConfig;
  readonly params: Values;
  /** How often each item was chosen in the rows of the fit, [items]. */
  readonly counts: Int32Array;
  /** Offset of the logits of items with count 0. */
  readonly unseenOffset: number;
  readonly programs: CompiledPrograms;
  /** Frozen tensors of the programs, computed once. */
  weights(): Promise<Values>;
}

export function inferenceOf(fitted: FittedValues): Inference {
  const { config, params, counts, unseenOffset = 0, runtime } = fitted;
  let weights: Promise<Values> | undefined;
  return {
    config,
    params,
    counts,
    unseenOffset,
    programs: compiledPrograms(runtime),
    weights() {
      weights ??= inferenceWeights(fitted);
      return weights;
    },
  };
}
