import { basename, join } from 'node:path';
import { contentHash } from '@lea/core';
import type { BaselineConfig, EnvironmentConfig } from '../config/schema.ts';
import { baselineName } from '../run/plan.ts';
import type { Prepared } from '../run/prepare.ts';
import { benchVersion } from '../run/versions.ts';
import type { FidelityRequest } from './request.ts';

/** What a subject is in the report: asked for, a control that spoils its language, or counting. */
export type Role = 'environment' | 'language control' | 'counting control';

/** Something whose fidelity is measured. */
export interface Subject {
  readonly name: string;
  readonly role: Role;
  /** Share of the train users that it knows. */
  readonly users: number;
  readonly how: EnvironmentSubject | CountingSubject;
  readonly folder: string;
  /** What the folder's hash is of. */
  readonly resolved: unknown;
}

export interface EnvironmentSubject {
  readonly tokens: EnvironmentConfig['tokens'];
  /** `random`: every item gets a random vector for its token; `shuffled`: items get one another's. */
  readonly spoil: 'nothing' | 'random' | 'shuffled';
  readonly fit: EnvironmentConfig['fit'];
}

export interface CountingSubject {
  readonly baseline: BaselineConfig;
  /** Reads the text vectors that the environments read, instead of the tf-idf vectors of all text baselines. */
  readonly ownVectors?: boolean;
}

/** Shares of the subset curve. */
export const SHARES = [0.05, 0.1, 0.2, 0.5, 1] as const;

/** Folder of everything that fidelity keeps of an experiment. */
export function fidelityFolder(runs: string, prepared: Prepared): string {
  return join(runs, prepared.experiment.name, 'fidelity');
}

/** The environments of a request and all their controls, all knowing the same users. */
export function subjectsOf(request: FidelityRequest, prepared: Prepared, runs: string): Subject[] {
  const { tokens, environment, users } = request;
  const make = maker(request, prepared, runs);
  const { fit, tier, model } = environment;
  const first = tokens[0]!;
  const spoilt = (spoil: 'random' | 'shuffled') => ({ tokens: first, spoil, fit });
  const counting: BaselineConfig[] = [
    { type: 'popularity' },
    { type: 'last-item-markov' },
    { type: 'co-occurrence' },
    { type: 'co-occurrence', text: true },
    { type: 'text-similarity' },
  ];
  return [
    ...tokens.map((t) => make(environmentName(t), 'environment', users, { tokens: t, spoil: 'nothing', fit })),
    make(environmentName('id'), 'language control', users, idOnly(request)),
    make('random item tokens', 'language control', users, spoilt('random')),
    make('shuffled texts', 'language control', users, spoilt('shuffled')),
    ...counting.map((baseline) => make(baselineName(baseline), 'counting control', users, { baseline })),
    ...(tier === 'encoder' && model
      ? [
          make(`text similarity (${basename(model)})`, 'counting control', users, {
            baseline: { type: 'text-similarity' },
            ownVectors: true,
          }),
        ]
      : []),
  ];
}

/** Environments by tokens and share of the users, with the strongest counting beside them. */
export function curveSubjects(request: FidelityRequest, prepared: Prepared, runs: string): Subject[] {
  const make = maker(request, prepared, runs);
  const { fit } = request.environment;
  const baseline: BaselineConfig = { type: 'co-occurrence', text: true };
  return SHARES.flatMap((users) => [
    ...(['text', 'id+text'] as const).map((tokens) =>
      make(environmentName(tokens), 'environment', users, { tokens, spoil: 'nothing', fit }),
    ),
    make(environmentName('id'), 'language control', users, idOnly(request)),
    make(baselineName(baseline), 'counting control', users, { baseline }),
  ]);
}

function idOnly({ idFit }: FidelityRequest): EnvironmentSubject {
  return { tokens: 'id', spoil: 'nothing', fit: idFit };
}

function environmentName(tokens: EnvironmentConfig['tokens']): string {
  return `environment (${tokens === 'id' ? 'id only' : tokens})`;
}

function maker(request: FidelityRequest, prepared: Prepared, runs: string) {
  const folder = fidelityFolder(runs, prepared);
  const { environment, seed } = request;
  const { dataHash, experiment, threads } = prepared;
  return (name: string, role: Role, users: number, how: Subject['how']): Subject => {
    const reads = 'baseline' in how ? how.ownVectors : how.tokens !== 'id';
    const { fit: _, ...language } = environment;
    const resolved = {
      how,
      users,
      seed,
      dataHash,
      window: experiment.window,
      threads: experiment.threads === undefined ? undefined : threads,
      language: reads ? language : undefined,
      version: benchVersion,
    };
    const slug = name
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-|-$/g, '');
    return { name, role, users, how, resolved, folder: join(folder, `${slug}-${contentHash(resolved).slice(0, 10)}`) };
  };
}
