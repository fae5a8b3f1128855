import { basename, join } from 'node:path';
import { contentHash } from '@lea/core';
import { baselineName } from '../config/baseline-name.ts';
import { readsModel } from '../config/environments.ts';
import type { CountedBaseline, EnvironmentConfig } from '../config/schema.ts';
import type { Context } from '../experiment/context.ts';
import { slug } from '../experiment/plan.ts';
import { resolvedEnvironment, resolvedLanguage } from '../experiment/resolved.ts';
import { computing } from '../experiment/versions.ts';
import { formatShare } from '../terminal/metric.ts';
import type { Control, FidelityRequest } from './request.ts';
import { type LikelihoodSubject, resolvedLikelihood, zeroShotSubjects } from './zero-shot.ts';

/**
 * The role of a subject: a requested environment, a control without its language, the language model without a fit, or a
 * control that only counts.
 */
export type Role = 'environment' | 'language control' | 'language model' | 'counting control';

/** Something whose fidelity is measured. */
export interface Subject {
  readonly name: string;
  readonly role: Role;
  /** Share of the train users that the subject knows. */
  readonly users: number;
  readonly how: EnvironmentSubject | CountingSubject | LikelihoodSubject;
  readonly folder: string;
  /** The object that the folder's hash is computed from. */
  readonly resolved: unknown;
}

export interface EnvironmentSubject {
  readonly itemInput: EnvironmentConfig['itemInput'];
  /** `random`: every item token is a random vector; `shuffled`: tokens are permuted among items. */
  readonly spoil: 'nothing' | 'random' | 'shuffled';
  readonly fit: EnvironmentConfig['fit'];
}

export interface CountingSubject {
  readonly baseline: CountedBaseline;
  /** Uses the text vectors of the environments instead of the tf-idf vectors of the other text baselines. */
  readonly ownVectors?: boolean;
}

/** Number of positives per decision, and of negatives of each kind. */
export const MEASUREMENT = { k: 10, draws: 5 } as const;

/** The inputs of subjects in addition to the request. */
export type Origin = Pick<Context, 'experiment' | 'dataHash' | 'folder' | 'models'>;

/** The repeat weight of co-occurrence. Its scores are rewards here, and "never" would make those of seen items infinite. */
const repeat = 0;

/**
 * The environments and controls of a request for each share of the users, the smallest first; the language model without a fit
 * comes with the largest.
 */
export function subjectsOf(request: FidelityRequest, context: Origin): Subject[] {
  const make = maker(request, context);
  return request.users.flatMap((users) => sharing(users, request, make));
}

/** Environments and controls that know the same users. */
function sharing(users: number, request: FidelityRequest, make: ReturnType<typeof maker>): Subject[] {
  const { itemInputs, environment, idFit, controls, zeroShot } = request;
  const { fit, tier, model } = environment;
  const first = itemInputs[0]!;
  const spoiled = (spoil: 'random' | 'shuffled') => ({ itemInput: first, spoil, fit });
  const counting: CountedBaseline[] = [
    { type: 'popularity' },
    { type: 'last-item-markov' },
    { type: 'co-occurrence', repeat },
    { type: 'co-occurrence', repeat, text: true },
    { type: 'text-similarity' },
  ];
  const language = {
    'id-only': () =>
      make(environmentName('id'), 'language control', users, { itemInput: 'id', spoil: 'nothing', fit: idFit }),
    'random-tokens': () => make('random item tokens', 'language control', users, spoiled('random')),
    'shuffled-texts': () => make('shuffled texts', 'language control', users, spoiled('shuffled')),
  } as const;
  const unfitted = (): Subject[] =>
    tier === 'decoder' && zeroShot > 0 && users === request.users.at(-1)
      ? Object.entries(zeroShotSubjects(zeroShot)).map(([name, how]) => make(name, 'language model', users, how))
      : [];
  const counted = (): Subject[] => [
    ...counting.map((baseline) => make(baselineName(baseline), 'counting control', users, { baseline })),
    ...(readsModel(tier) && model
      ? [
          make(`text similarity (${basename(model)})`, 'counting control', users, {
            baseline: { type: 'text-similarity' },
            ownVectors: true,
          }),
        ]
      : []),
  ];
  return [
    ...itemInputs.map((itemInput) =>
      make(environmentName(itemInput), 'environment', users, { itemInput, spoil: 'nothing', fit }),
    ),
    ...Object.entries(language).flatMap(([name, made]) => (controls.includes(name as Control) ? made() : [])),
    ...unfitted(),
    ...(controls.includes('counting') ? counted() : []),
  ];
}

/** A name with the share of the users, unless it is all. */
export function titleOf({ name, users }: Pick<Subject, 'name' | 'users'>): string {
  return users < 1 ? `${name}, ${formatShare(users)} of users` : name;
}

function environmentName(itemInput: EnvironmentConfig['itemInput']): string {
  return `environment (${itemInput === 'id' ? 'id only' : itemInput})`;
}

function maker(request: FidelityRequest, { experiment, dataHash, folder, models }: Origin) {
  const { environment, seed } = request;
  const made = (how: Subject['how']): object => {
    if ('shots' in how) return { likelihood: resolvedLikelihood(how), model: models[environment.model!] };
    if (!('baseline' in how)) {
      const { itemInput, fit, spoil } = how;
      return { environment: resolvedEnvironment({ ...environment, itemInput, fit }, models), spoil };
    }
    const vectors = how.ownVectors && resolvedLanguage({ ...environment, itemInput: 'text' }, models);
    return { baseline: how.baseline, window: experiment.window, vectors };
  };
  return (name: string, role: Role, users: number, how: Subject['how']): Subject => {
    const resolved = {
      ...made(how),
      users,
      seed,
      dataHash,
      measurement: MEASUREMENT,
      threads: experiment.threads,
      versions: computing(),
    };
    // The name of a text similarity says where its model lies, which decides nothing.
    const title = 'ownVectors' in how ? 'text similarity of vectors' : name;
    const own = `${slug(title)}-${contentHash(resolved).slice(0, 10)}`;
    return { name, role, users, how, resolved, folder: join(folder, 'fidelity', own) };
  };
}
