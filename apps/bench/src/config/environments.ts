import { access } from 'node:fs/promises';
import { isAbsolute, resolve } from 'node:path';
import { defaultsOf, LeaError } from '@lea/core';
import { catalogModelDefaults, fitDefaults, needsTokens } from '@lea/env/measuring';
import { signalPartsSchema } from '@lea/train';
import type { EnvironmentConfig, Experiment, RunConfig } from './schema.ts';

type Environments = Readonly<Record<string, EnvironmentConfig>>;

/**
 * Adds defaults to environments without item tokens. Such an environment is a control that shows the value of item tokens, so
 * everything else is the same: by default it has the language model of the first environment with texts.
 */
export function withControls(environments: Environments = {}): Environments {
  const language = Object.values(environments).find(({ itemInput, tier }) => itemInput !== 'id' && tier !== 'counting');
  if (!language) return environments;
  const { tier = 'catalog', languageModel, model } = language;
  const same = { tier, ...(languageModel && { languageModel }), ...(tier === 'decoder' && { model }) };
  return Object.fromEntries(
    Object.entries(environments).map(([name, own]) => [
      name,
      own.itemInput === 'id' && own.tier !== 'counting' ? { ...same, ...own } : own,
    ]),
  );
}

/** The meaning of `model`, by the tiers that read one. */
export const MODELS = {
  encoder: 'the folder or name of a feature-extraction model',
  decoder:
    'a GGUF file, or the folder or name of a language model with config.json, tokenizer.json and model.safetensors',
} as const;

/** Whether the environments of a tier read a pretrained model. */
export function readsModel(tier: EnvironmentConfig['tier']): tier is keyof typeof MODELS {
  return tier !== undefined && Object.hasOwn(MODELS, tier);
}

/** Adds the default adaptation of tier `decoder`: LoRA, because a log is too small to train all weights of such a model. */
export function withAdaptation<T extends Pick<EnvironmentConfig, 'tier' | 'fit'>>(config: T): T {
  return config.tier === 'decoder' ? { ...config, fit: { adaptation: { rank: 8 }, ...config.fit } } : config;
}

/**
 * Checks for errors that would otherwise occur when the environment is fitted, minutes after the start.
 *
 * @throws LeaError `E_CONFIG`
 */
export function checkEnvironment(name: string, config: EnvironmentConfig, origin: string): void {
  const { itemInput, tier, model, fit = {}, folds, annotationRows } = config;
  const refuse: Refuse = (what, value, hint) => {
    throw new LeaError('E_CONFIG', `${origin}: environment "${name}" ${what}`, { value, hint });
  };
  if (tier === 'counting') {
    if (folds !== undefined) {
      refuse('has tier "counting", which needs no folds to leave out the user of each row.', folds, 'Remove "folds".');
    }
    const unread = (['model', 'languageModel', 'itemTokens', 'fit', 'annotationRows'] as const).find(
      (key) => config[key] !== undefined,
    );
    if (unread)
      refuse(`has tier "counting", which does not use "${unread}".`, unread, 'Remove it, or set a different tier.');
    return;
  }
  if (folds !== undefined && annotationRows !== undefined) {
    refuse('has folds, each of which is annotated while it is fitted.', annotationRows, 'Remove "annotationRows".');
  }
  const unread = itemInput === 'id' ? needsTokens(fit) : undefined;
  if (unread) refuse(`has itemInput "id", which does not use "${unread}".`, fit[unread], 'Remove it from fit.');
  if (readsModel(tier) && (tier === 'decoder' || itemInput !== 'id') && model === undefined) {
    refuse(`has tier "${tier}" but no model.`, tier, `Set "model" to ${MODELS[tier]}.`);
  }
  if (tier === 'decoder') {
    const unread = (['languageModel', 'itemTokens'] as const).find((key) => config[key] !== undefined);
    if (unread) refuse(`has tier "decoder", which does not use "${unread}".`, unread, 'Remove it.');
    const { width, heads } = { ...fitDefaults, ...fit };
    if (width % heads !== 0) {
      refuse('needs a width that is a multiple of heads in fit.', [width, heads], 'Change one of them.');
    }
  } else checkSizes(config, refuse);
  if (fit.prompt === undefined) return;
  if (tier !== 'decoder' && !hasCatalogModel(config)) {
    refuse(
      'has a prompt but no language model to read it.',
      tier,
      'Set tier to "catalog" or "decoder", or remove the prompt.',
    );
  }
  const slots = fit.prompt.split(/\{(\w+)\}/).filter((_, i) => i % 2 === 1);
  if (slots.join() !== 'history,action') {
    refuse(
      'needs a prompt that contains {history} once and then {action} once.',
      fit.prompt,
      'Item tokens replace these placeholders.',
    );
  }
}

type Refuse = (what: string, value: unknown, hint: string) => never;

/** Checks the sizes of a decoder that is not pretrained. */
function checkSizes(config: EnvironmentConfig, refuse: Refuse): void {
  const language = hasCatalogModel(config);
  const { width, heads } = language
    ? { ...catalogModelDefaults, ...config.languageModel }
    : { ...fitDefaults, ...config.fit };
  const where = language ? 'languageModel' : 'fit';
  if (width % (2 * heads) !== 0) {
    refuse(
      `needs an even head size (width / heads) in ${where}.`,
      [width, heads],
      `Set width to a multiple of ${2 * heads}.`,
    );
  }
  const kvHeads = (language && config.languageModel?.kvHeads) || heads;
  if (heads % kvHeads !== 0) {
    refuse(
      `needs heads to be a multiple of kvHeads in ${where}.`,
      [heads, kvHeads],
      'Change one of them, or remove kvHeads.',
    );
  }
}

/** Whether the decoder of an environment is initialized from a language model of the catalog's texts. */
export function hasCatalogModel({ itemInput, tier }: EnvironmentConfig): boolean {
  return tier === 'catalog' || (itemInput !== 'id' && tier === undefined);
}

/**
 * Checks for errors that would otherwise occur when the environment teaches the run.
 *
 * @throws LeaError `E_CONFIG`
 */
export function checkUse(run: RunConfig, { fit, tier, folds }: EnvironmentConfig, origin: string): void {
  const { name, pessimism = 0 } = run;
  if (run.use && !Object.values({ ...defaultsOf(signalPartsSchema), ...run.use }).some(Boolean)) {
    throw new LeaError(
      'E_CONFIG',
      `${origin}: run "${name}" has an environment, but "use" leaves out all parts of LEA.`,
      {
        value: run.use,
        hint: 'Set state, reward or actions to true. For a run without LEA, remove "environment".',
      },
    );
  }
  const calibrated = run.rewardForm === 'calibrated' ? 'rewardForm' : undefined;
  const single = bringsStates(run) ? 'stateForm' : calibrated;
  if (folds !== undefined && single) {
    throw new LeaError(
      'E_CONFIG',
      `${origin}: run "${name}" has "${single}", which needs an environment without folds.`,
      {
        value: run[single],
        hint: 'Remove "folds" or this option: calibrations and states of environments from different folds cannot be mixed.',
      },
    );
  }
  const unread = (['rankBy', 'shortlist', 'popularityCorrection', 'pessimism', 'rewardForm'] as const).find(
    (key) => run[key] !== undefined && !(key === 'rewardForm' && run[key] !== 'calibrated'),
  );
  const impossible = unread ?? (bringsStates(run) ? 'stateForm' : undefined);
  if (tier === 'counting' && impossible) {
    throw new LeaError(
      'E_CONFIG',
      `${origin}: run "${name}" has "${impossible}", which tier "counting" does not support.`,
      {
        value: run[impossible],
        hint: 'Remove it, or use an environment with a different tier.',
      },
    );
  }
  const heads = fit?.rewardHeads ?? fitDefaults.rewardHeads;
  if (pessimism === 0 || heads > 1) return;
  throw new LeaError(
    'E_CONFIG',
    `${origin}: run "${name}" has pessimism, which needs an environment with at least two reward heads.`,
    {
      value: pessimism,
      hint: 'Set "rewardHeads" in its "fit" to 2 or more: the disagreement of the heads measures uncertainty.',
    },
  );
}

/** Whether a run uses its environment's state vectors. */
export function bringsStates({ environment, use, stateForm = 'targets' }: RunConfig): boolean {
  return environment !== undefined && use?.state === true && stateForm !== 'targets';
}

/**
 * Checks that a run provides its environment's states exactly if its agent reads them.
 *
 * @param reads whether the agent reads the states
 * @throws LeaError `E_CONFIG`
 */
export function checkStates(run: RunConfig, reads: boolean, origin: string): void {
  if (bringsStates(run) === reads) return;
  const [what, hint] = reads
    ? [
        "has an agent that reads its environment's states, but it does not provide them",
        'Set "use": { "state": true } and "stateForm" to "vectors" or "both", or the agent\'s alignmentWeight to 0 and criticState to false.',
      ]
    : [
        "provides its environment's states, but its agent does not read them",
        'Set "alignmentWeight" or "criticState" of the agent, or remove "stateForm".',
      ];
  throw new LeaError('E_CONFIG', `${origin}: run "${run.name}" ${what}.`, { value: run.stateForm, hint });
}

/**
 * Replaces the models in the config's folder by absolute paths, so that they are found from any working directory.
 *
 * @throws LeaError `E_CONFIG` when a path does not exist
 */
export async function locateModels(experiment: Experiment, folder: string, origin: string): Promise<Experiment> {
  const { environments } = experiment;
  if (!environments) return experiment;
  const located = await Promise.all(
    Object.entries(environments).map(async ([name, config]) => {
      if (config.model === undefined) return [name, config] as const;
      const path = resolve(folder, config.model);
      const there = await access(path).then(
        () => true,
        () => false,
      );
      if (!there && (isAbsolute(config.model) || config.model.startsWith('.'))) {
        throw new LeaError('E_CONFIG', `${origin}: environment "${name}" names a model that does not exist.`, {
          value: path,
          hint: `Set "model" to ${MODELS[config.tier === 'decoder' ? 'decoder' : 'encoder']}.`,
        });
      }
      return [name, there ? { ...config, model: path } : config] as const;
    }),
  );
  return { ...experiment, environments: Object.fromEntries(located) };
}
