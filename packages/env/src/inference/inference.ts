import type { Values } from '@lea/tensor';
import type { EnvironmentConfig } from '../model/config.ts';
import { type CompiledPrograms, compiledPrograms } from './compiled-programs.ts';
import { type FittedValues, inferenceWeights } from './weights.ts';

/** The parts that the passes over histories, states and actions share. */
export interface Inference {
  readonly config: EnvironmentConfig;
  readonly params: Values;
  readonly programs: CompiledPrograms;
  /** Frozen tensors of the programs, computed once. */
  weights(): Promise<Values>;
}

export function inferenceOf(fitted: FittedValues): Inference {
  const { config, params, runtime } = fitted;
  let weights: Promise<Values> | undefined;
  return {
    config,
    params,
    programs: compiledPrograms(runtime),
    weights() {
      weights ??= inferenceWeights(fitted);
      return weights;
    },
  };
}
