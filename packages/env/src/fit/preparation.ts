import { fold, type Key, key } from '@lea/core';
import { type NormalizedTokens, normalizeTokens } from '../items/tokens.ts';
import { prefixLength } from '../model/candidate-prompt.ts';
import type { EnvironmentConfig } from '../model/config.ts';
import { configOf } from './fit-config.ts';
import { type FitData, fitData } from './fit-data.ts';
import type { FitEnvironmentOptions } from './fit-options.ts';
import { type FitStep, fitStep } from './fit-step.ts';
import { type FitWeights, fitWeights } from './fit-weights.ts';

/** Prepared inputs of `fitEnvironment`. */
export interface FitPreparation {
  /** Architecture of the environment. */
  readonly config: EnvironmentConfig;
  /** Random key of the fit, from its seed. */
  readonly root: Key;
  /** Normalized item tokens; null without tokens. */
  readonly tokens: NormalizedTokens | null;
  readonly data: FitData;
  readonly weights: FitWeights;
  readonly step: FitStep;
}

/** Prepares a fit. @throws LeaError `E_OPTION_VALUE`, `E_TOKENS_SHAPE`, `E_DATA_EMPTY` */
export async function prepareFit(o: FitEnvironmentOptions): Promise<FitPreparation> {
  const config = configOf(o);
  const root = fold(key(o.seed), 'environment');
  const tokens = config.itemInput === 'id' ? null : normalizeTokens(o.tokens!);
  const data = fitData(o, root, prefixLength(config));
  const weights = await fitWeights(o, config, root, tokens?.vectors, data);
  return { config, root, tokens, data, weights, step: fitStep(o, config) };
}
