import { join } from 'node:path';
import { createAgent } from '@lea/agents';
import { contentHash, LeaError, nearest } from '@lea/core';
import { definedMeasures } from '@lea/eval';
import { baselineName } from '../config/baseline-name.ts';
import { definedBaseline } from '../config/defined.ts';
import { teachersOf } from '../config/load.ts';
import { type PackageVersions, usedPackages } from '../config/packages.ts';
import type { BaselineConfig, EnvironmentConfig, Experiment, RunConfig } from '../config/schema.ts';
import type { Models } from './models.ts';
import { resolvedEnvironment, resolvedMemory } from './resolved.ts';
import { computing } from './versions.ts';

/** Folders and hashes that the parts of one experiment share. */
export interface Plan {
  readonly jobs: readonly Job[];
  readonly environments: readonly EnvironmentJob[];
  /** `<runs>/<experiment>`. */
  readonly folder: string;
}

interface Planned {
  readonly id: string;
  readonly name: string;
  readonly seed: number;
  readonly folder: string;
  /** The object whose hash is the id. */
  readonly resolved: unknown;
}

export interface BaselineJob extends Planned {
  readonly kind: 'baseline';
  readonly config: BaselineConfig;
}

export interface RunJob extends Planned {
  readonly kind: 'run';
  readonly config: RunConfig;
  /** The environments that teach it. */
  readonly environments: readonly EnvironmentJob[];
  /** The run whose trained network this one takes. */
  readonly network: RunJob | undefined;
}

export interface EnvironmentJob extends Planned {
  readonly config: EnvironmentConfig;
}

export type Job = BaselineJob | RunJob;

/**
 * Lists all jobs of an experiment. An id contains a hash of everything that determines the outcome: config with defaults, data,
 * protocol, seed and versions.
 *
 * @param dataHash of events, texts and split
 * @param runs folder of all experiments
 * @param packages that define agents, data sets, baselines or measures: another version is another run for those that use them
 * @param models that environments read, by content
 */
export function planOf(
  experiment: Experiment,
  dataHash: string,
  runs: string,
  packages: PackageVersions = {},
  models: Models = {},
): Plan {
  const folder = join(runs, experiment.name);
  // The number of threads changes the order of sums, so it is part of the outcome if the config sets it.
  const { window, rewards, ks, threads, exclude, lists } = experiment;
  const shared = { dataHash, threads, versions: computing() };
  const defining = (part: unknown) => {
    const used = usedPackages(part, packages);
    return Object.keys(used).length > 0 && { packages: used };
  };
  // Measures of packages are counted with the others.
  const protocol = {
    ...shared,
    window,
    rewards,
    ks,
    ...(exclude === 'seen' && { exclude }),
    ...(lists && { lists }),
    ...(definedMeasures().length > 0 && defining(definedMeasures().map((type) => ({ type })))),
  };
  const planned = (name: string, seed: number, config: unknown, parent: string, of: object = protocol): Planned => {
    const resolved = { config, seed, ...of };
    const id = `${slug(name)}-s${seed}-${contentHash(resolved).slice(0, 10)}`;
    return { id, name, seed, folder: join(parent, id), resolved };
  };
  const environments = Object.entries(experiment.environments ?? {}).flatMap(([name, config]) =>
    experiment.seeds.map(
      (seed): EnvironmentJob => ({
        ...planned(name, seed, resolvedEnvironment(config, models), join(folder, 'environments'), shared),
        config,
      }),
    ),
  );
  const baselines = experiment.baselines.map((config): BaselineJob => {
    const defined = definedBaseline(config);
    // A missing option may be tuned, so it differs from an explicit default.
    const what = defined ? { ...config, defaults: defined.factory.complete(), ...defining(config) } : config;
    return { ...planned(baselineName(config), 0, what, folder), kind: 'baseline', config };
  });
  const runJob = (config: RunConfig, seed: number): RunJob => {
    const teachers = environments.filter((e) => teachersOf(config).includes(e.name) && e.seed === seed);
    const [first, ...others] = teachers.map((teacher) => teacher.resolved);
    const source = experiment.runs.find(({ name }) => name === config.network);
    const network = source && runJob(source, seed);
    // The names of other runs affect comparisons, not training.
    const { base: _, controlRun: __, agent: given, network: ___, memory, ...own } = config;
    const agent = createAgent(given as never).config;
    const what = network
      ? { name: config.name, network: network.resolved }
      : {
          ...own,
          agent,
          environment: others.length > 0 ? [first, ...others] : first,
          ...defining([agent, experiment.dataset]),
        };
    const resolved = { ...what, ...(memory && { memory: resolvedMemory(memory) }) };
    return { ...planned(config.name, seed, resolved, folder), kind: 'run', config, environments: teachers, network };
  };
  const trained = experiment.seeds.flatMap((seed) => experiment.runs.map((config) => runJob(config, seed)));
  const used = environments.filter((e) => trained.some((job) => job.environments.includes(e)));
  return { jobs: [...baselines, ...trained], environments: used, folder };
}

/**
 * Refuses a reference of off-policy estimates that is no row of the tables.
 *
 * @throws LeaError `E_CONFIG`
 */
export function checkReference({ offPolicy, baselines, runs }: Experiment, origin: string): void {
  const { reference } = offPolicy ?? {};
  const known = [...baselines.map(baselineName), ...runs.map(({ name }) => name)];
  if (reference === undefined || known.includes(reference)) return;
  const near = nearest(reference, known);
  throw new LeaError('E_CONFIG', `${origin}, at offPolicy.reference: no run or baseline has this name.`, {
    value: reference,
    hint: near ? `Did you mean "${near}"?` : `The tables have: ${known.join(', ')}.`,
  });
}

/** The part of a folder's name that a person reads; small letters may be longer than what they are made of. */
export function slug(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 100)
    .replace(/^-|-$/g, '');
}
