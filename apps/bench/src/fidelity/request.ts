import { LeaError } from '@lea/core';
import type { EnvironmentConfig, Experiment } from '../config/schema.ts';

/** What a fidelity report is to be about, beside the data. */
export interface FidelityRequest {
  /** The environments asked for, by what an item is to them; the first is the one whose tokens the controls spoil. */
  readonly tokens: readonly TextTokens[];
  /** How they are made; their tokens are said above. */
  readonly environment: Omit<EnvironmentConfig, 'itemInput'>;
  /** Fit of the id-only control. */
  readonly idFit: EnvironmentConfig['fit'];
  /** Share of the train users that environments and controls know. */
  readonly users: number;
  readonly seed: number;
}

export type TextTokens = Exclude<EnvironmentConfig['itemInput'], 'id'>;

/** Flags, already checked, that take precedence over the experiment. */
export interface FidelityFlags {
  readonly tokens: readonly TextTokens[];
  readonly tier?: EnvironmentConfig['tier'];
  readonly model?: string;
  readonly users?: number;
  readonly seed?: number;
}

/**
 * What the experiment's environments and the flags ask for: the first environment with texts says how environments are
 * made, the first one without how the id-only control is.
 *
 * @throws LeaError `E_FLAG_VALUE`
 */
export function requestOf({ environments = {}, seeds }: Experiment, flags: FidelityFlags): FidelityRequest {
  const configs = Object.values(environments);
  // Fidelity is measured on held-out users: there is nothing to cross-fit.
  const {
    itemInput: _,
    folds: __,
    ...base
  } = configs.find(({ itemInput }) => itemInput !== 'id') ?? { itemInput: 'id+text' };
  const tier = flags.tier ?? (flags.model === undefined ? (base.tier ?? 'catalog') : 'encoder');
  const model = flags.model ?? base.model;
  if (tier === 'encoder' && model === undefined) {
    throw new LeaError('E_FLAG_VALUE', 'Tier "encoder" needs a model.', {
      hint: 'Give --model with the folder or name of a feature-extraction model.',
    });
  }
  if (tier === 'catalog' && flags.model !== undefined) {
    throw new LeaError('E_FLAG_VALUE', '--model goes with tier "encoder".', { value: flags.model });
  }
  const { userShare: fitted, ...fit } = base.fit ?? {};
  const { userShare: ___, ...idFit } = configs.find(({ itemInput }) => itemInput === 'id')?.fit ?? base.fit ?? {};
  return {
    tokens: flags.tokens,
    environment: { ...base, tier, model, fit },
    idFit,
    users: flags.users ?? fitted ?? 1,
    seed: flags.seed ?? seeds[0]!,
  };
}
