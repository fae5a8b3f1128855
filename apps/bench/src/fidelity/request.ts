import { LeaError } from '@lea/core';
import { MODELS, readsModel, withAdaptation } from '../config/environments.ts';
import type { EnvironmentConfig, Experiment } from '../config/schema.ts';
import { SAMPLE } from './zero-shot.ts';

/** The settings of a fidelity report, apart from the data. */
export interface FidelityRequest {
  /** The requested environments by item input; the language controls are variants of the first. */
  readonly itemInputs: readonly TextInput[];
  /** The config of the environments, apart from the item input. */
  readonly environment: Omit<EnvironmentConfig, 'itemInput'>;
  /** Fit options of the id-only control. */
  readonly idFit: EnvironmentConfig['fit'];
  /** Shares of the train users that environments and controls know, the smallest first. */
  readonly users: readonly number[];
  readonly controls: readonly Control[];
  /** Decisions on which the language model of tier decoder is measured without a fit; 0: it is not. */
  readonly zeroShot: number;
  readonly seed: number;
}

/** The controls that are measured beside the environments. All but counting are fits, which a pretrained decoder makes long. */
export const CONTROLS = ['counting', 'id-only', 'random-tokens', 'shuffled-texts'] as const;

export type Control = (typeof CONTROLS)[number];

export type TextInput = Exclude<EnvironmentConfig['itemInput'], 'id'>;

/** The item inputs that are measured. */
export const ITEM_INPUTS = ['id+text', 'text'] as const satisfies readonly TextInput[];

/** The defaults of `--item-input` and `--controls`. */
const EVERYTHING = { itemInputs: ITEM_INPUTS, controls: CONTROLS } as const;

/** The same for tier decoder, where each fit takes about half an hour. */
const ONE_FIT = { itemInputs: ['id+text'], controls: ['counting'] } as const;

/** Checked flags, which take precedence over the experiment. */
export interface FidelityFlags {
  readonly itemInputs?: readonly TextInput[];
  readonly tier?: EnvironmentConfig['tier'];
  readonly model?: string;
  readonly users?: readonly number[];
  readonly controls?: readonly Control[];
  readonly zeroShot?: number;
  readonly seed?: number;
}

/**
 * Combines the experiment's environments and the flags. The first environment with texts determines the environments, and the
 * first one without texts determines the id-only control.
 *
 * @throws LeaError `E_FLAG_VALUE`
 */
export function requestOf({ environments = {}, seeds }: Experiment, flags: FidelityFlags): FidelityRequest {
  const configs = Object.values(environments);
  // Fidelity is measured on held-out users, so cross-fitting is not needed.
  const {
    itemInput: _,
    folds: __,
    ...base
  } = configs.find(({ itemInput }) => itemInput !== 'id') ?? { itemInput: 'id+text' };
  const given = base.tier ?? 'catalog';
  const tier = flags.tier ?? (flags.model === undefined || readsModel(given) ? given : 'encoder');
  const model = flags.model ?? (tier === base.tier ? base.model : undefined);
  if (readsModel(tier) && model === undefined) {
    throw new LeaError('E_FLAG_VALUE', `Expected a model for tier "${tier}".`, {
      hint: `Set --model to ${MODELS[tier]}.`,
    });
  }
  if (tier === 'catalog' && flags.model !== undefined) {
    throw new LeaError('E_FLAG_VALUE', '--model needs tier "encoder" or "decoder".', {
      value: flags.model,
      hint: 'Add --tier encoder or --tier decoder, or remove --model.',
    });
  }
  const { userShare: fitted, ...fit } = base.fit ?? {};
  const { userShare: ___, ...idFit } =
    configs.find(({ itemInput }) => itemInput === 'id')?.fit ?? withoutTexts(base.fit);
  const usual = tier === 'decoder' ? ONE_FIT : EVERYTHING;
  return {
    itemInputs: flags.itemInputs ?? usual.itemInputs,
    environment: withAdaptation({ ...base, tier, model, fit }),
    idFit: withAdaptation({ tier, fit: idFit }).fit,
    users: flags.users ?? [fitted ?? 1],
    controls: flags.controls ?? usual.controls,
    zeroShot: flags.zeroShot ?? SAMPLE,
    seed: flags.seed ?? seeds[0]!,
  };
}

/** The fit of environments with texts, for one without. */
function withoutTexts(fit: EnvironmentConfig['fit'] = {}): NonNullable<EnvironmentConfig['fit']> {
  const { textMemoryWidth: _, itemDropout: __, candidateInput: ___, ...others } = fit;
  return others;
}
