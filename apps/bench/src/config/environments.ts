import { access } from 'node:fs/promises';
import { isAbsolute, resolve } from 'node:path';
import { LeaError } from '@lea/core';
import { catalogModelDefaults, fitDefaults } from '@lea/env/measuring';
import type { EnvironmentConfig, Experiment, RunConfig } from './schema.ts';

type Environments = Readonly<Record<string, EnvironmentConfig>>;

/**
 * An environment without item tokens is there to show what tokens are worth, so all else is the same: the language model
 * is that of the first environment with texts, unless it says otherwise.
 */
export function withControls(environments: Environments = {}): Environments {
  const language = Object.values(environments).find(({ itemInput, tier }) => itemInput !== 'id' && tier !== 'counting');
  if (!language) return environments;
  const { tier = 'catalog', languageModel } = language;
  const same = { tier, ...(languageModel && { languageModel }) };
  return Object.fromEntries(
    Object.entries(environments).map(([name, own]) => [
      name,
      own.itemInput === 'id' && own.tier !== 'counting' ? { ...same, ...own } : own,
    ]),
  );
}

/**
 * What would only fail once an environment is made, minutes after the start.
 *
 * @throws LeaError `E_CONFIG`
 */
export function checkEnvironment(name: string, config: EnvironmentConfig, origin: string): void {
  const { itemInput, tier, model, fit = {}, folds } = config;
  const refuse = (what: string, value: unknown, hint: string): never => {
    throw new LeaError('E_CONFIG', `${origin}: environment "${name}" ${what}`, { value, hint });
  };
  if (tier === 'counting') {
    if (folds !== undefined) {
      refuse("counts, and leaves each row's own user out without folds.", folds, 'Leave "folds" out.');
    }
    const unread = (['model', 'languageModel', 'itemTokens', 'fit'] as const).find((key) => config[key] !== undefined);
    if (unread) refuse(`counts, and does not read "${unread}".`, unread, 'Leave it out, or take another tier.');
    return;
  }
  if (itemInput !== 'id' && tier === 'encoder' && model === undefined) {
    refuse('has tier "encoder" but no model.', tier, 'Set "model" to a folder or name of a feature-extraction model.');
  }
  const language = hasLanguageModel(config);
  const { width, heads } = language ? { ...catalogModelDefaults, ...config.languageModel } : { ...fitDefaults, ...fit };
  const where = language ? 'languageModel' : 'fit';
  if (width % (2 * heads) !== 0) {
    refuse(
      `has heads of no even size, width / heads in ${where}.`,
      [width, heads],
      `Take a width that is a multiple of ${2 * heads}.`,
    );
  }
  const kvHeads = (language && config.languageModel?.kvHeads) || heads;
  if (heads % kvHeads !== 0) {
    refuse(`has heads that are no multiple of its kvHeads in ${where}.`, [heads, kvHeads], 'Leave kvHeads out.');
  }
  if (fit.prompt === undefined) return;
  if (!language) refuse('has a prompt but no language model to read it.', tier, 'Take tier "catalog".');
  const slots = fit.prompt.split(/\{(\w+)\}/).filter((_, i) => i % 2 === 1);
  if (slots.join() !== 'history,action') {
    refuse('has a prompt without {history} once and then {action} once.', fit.prompt, 'They stand for the items.');
  }
}

/** Whether the decoder of an environment begins as a language model of the catalog's texts. */
export function hasLanguageModel({ itemInput, tier }: EnvironmentConfig): boolean {
  return tier === 'catalog' || (itemInput !== 'id' && tier === undefined);
}

/**
 * What would only fail once a run is taught by its environment.
 *
 * @throws LeaError `E_CONFIG`
 */
export function checkUse(run: RunConfig, { fit, tier, folds }: EnvironmentConfig, origin: string): void {
  const { name, pessimism = 0 } = run;
  const calibrated = run.rewardForm === 'calibrated' ? 'rewardForm' : undefined;
  const single = bringsStates(run) ? 'stateForm' : calibrated;
  if (folds !== undefined && single) {
    throw new LeaError('E_CONFIG', `${origin}: run "${name}" has a "${single}" that needs one environment.`, {
      value: run[single],
      hint: 'Its environment has folds: calibrations and states of different environments cannot be mixed.',
    });
  }
  const unread = (['rankBy', 'shortlist', 'popularityCorrection', 'pessimism', 'rewardForm'] as const).find(
    (key) => run[key] !== undefined && !(key === 'rewardForm' && run[key] !== 'calibrated'),
  );
  const impossible = unread ?? (bringsStates(run) ? 'stateForm' : undefined);
  if (tier === 'counting' && impossible) {
    throw new LeaError(
      'E_CONFIG',
      `${origin}: run "${name}" has "${impossible}", which a teacher that only counts lacks.`,
      {
        value: run[impossible],
        hint: 'Leave it out, or take an environment of another tier.',
      },
    );
  }
  const heads = fit?.rewardHeads ?? fitDefaults.rewardHeads;
  if (pessimism === 0 || heads > 1) return;
  throw new LeaError('E_CONFIG', `${origin}: run "${name}" has pessimism, but its environment one score head.`, {
    value: pessimism,
    hint: 'Set "rewardHeads" of its fit to 2 or more: only heads that disagree say how sure a reward is.',
  });
}

/** Whether a run is taught by its environment's state vectors. */
export function bringsStates({ environment, use, stateForm = 'targets' }: RunConfig): boolean {
  return environment !== undefined && use?.state === true && stateForm !== 'targets';
}

/**
 * An agent that reads an environment's states and a run that does not bring them, or the other way round.
 *
 * @param reads whether the agent does
 * @throws LeaError `E_CONFIG`
 */
export function checkStates(run: RunConfig, reads: boolean, origin: string): void {
  if (bringsStates(run) === reads) return;
  const [what, hint] = reads
    ? [
        "has an agent that reads its environment's states, which it does not bring",
        'Set "use": { "state": true } and "stateForm" to "vectors" or "both", or the agent\'s alignmentWeight to 0 and criticState to false.',
      ]
    : [
        "brings its environment's states to an agent that does not read them",
        'Give the agent an "alignmentWeight" or "criticState", or leave "stateForm" out.',
      ];
  throw new LeaError('E_CONFIG', `${origin}: run "${run.name}" ${what}.`, { value: run.stateForm, hint });
}

/**
 * An experiment whose models are found wherever it is run from: those that lie in the config's folder, by path.
 *
 * @throws LeaError `E_CONFIG` where a path leads nowhere
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
        throw new LeaError('E_CONFIG', `${origin}: environment "${name}" names a model that is not there.`, {
          value: path,
          hint: 'Give the folder that holds config.json, tokenizer.json and the onnx folder.',
        });
      }
      return [name, there ? { ...config, model: path } : config] as const;
    }),
  );
  return { ...experiment, environments: Object.fromEntries(located) };
}
