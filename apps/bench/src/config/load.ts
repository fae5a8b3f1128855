import { access } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { type Agent, createAgent } from '@lea/agents';
import { LeaError, nearest, stableJson } from '@lea/core';
import * as v from 'valibot';
import { baselineName } from './baseline-name.ts';
import { checkDefined } from './defined.ts';
import { checkEnvironment, checkStates, checkUse, locateModels, withControls } from './environments.ts';
import { readJsonFile } from './json-file.ts';
import { checkMetrics } from './metrics.ts';
import { importPackages, type PackageVersions } from './packages.ts';
import { presets } from './presets/index.ts';
import { type Experiment, experimentSchema, type RunConfig } from './schema.ts';
import { checkSearch } from './search.ts';
import { sentenceOf } from './sentence.ts';

/** An experiment and its source. */
export interface Loaded {
  readonly experiment: Experiment;
  /** The name of the source in messages: a file or `preset "quick"`. */
  readonly origin: string;
  readonly folder: string;
  /** Versions of the packages in the config's `packages`. */
  readonly packages: PackageVersions;
  /** The file as it was read; undefined of a preset. */
  readonly json?: unknown;
}

/**
 * Loads an experiment from a preset or a JSON file, checks all keys, and resolves what runs inherit.
 *
 * @param target name of a preset or path of a JSON file
 * @param copy a copy of that file from before, which is read in its place; paths in it stay relative to the folder of `target`
 * @throws LeaError `E_PRESET_UNKNOWN`, `E_FILE_MISSING`, `E_CONFIG_JSON`, `E_CONFIG`, and the errors of `importPackages`
 */
export async function loadExperiment(target: string, copy?: string): Promise<Loaded> {
  if (Object.hasOwn(presets, target)) {
    const preset = presets[target]!;
    const origin = `preset "${target}"`;
    return { experiment: check(preset, origin), origin, folder: process.cwd(), packages: {} };
  }
  const path = resolve(target);
  const noPath = target.trim() === '' || (!/[./\\]/.test(target) && !(await exists(path)));
  if (copy === undefined && noPath) {
    const near = nearest(target, Object.keys(presets));
    throw new LeaError('E_PRESET_UNKNOWN', 'Expected the name of a preset or the path of a config file.', {
      value: target,
      hint: `${near ? `Did you mean "${near}"? ` : ''}The presets are: ${Object.keys(presets).join(', ')}.`,
    });
  }
  const json = await readJsonFile(copy ?? path);
  const folder = dirname(path);
  const packages = await importPackages(packagesOf(json), folder, path);
  const experiment = await locateModels(check(json, path), folder, path);
  return { experiment, origin: path, folder, packages, json };
}

/** The packages of a config that is not yet checked. */
function packagesOf(json: unknown): string[] {
  const result = v.safeParse(experimentSchema.entries.packages, (json as { packages?: unknown } | null)?.packages);
  return (result.success && result.output) || [];
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Checks an experiment and resolves what runs inherit from their base. @throws LeaError `E_CONFIG` */
export function check(config: unknown, origin: string): Experiment {
  const result = v.safeParse(experimentSchema, config);
  if (!result.success) {
    // A misspelled key explains the missing one.
    const first = result.issues.find(({ expected }) => expected === 'never') ?? result.issues[0];
    const { issue, where } = furthest(first);
    throw new LeaError('E_CONFIG', `${origin}${where ? `, at ${where}` : ''}: ${sentenceOf(issue)}${guess(issue)}`, {
      ...(isUntold(issue) && { value: issue.input }),
    });
  }
  // Which schema an editor reads does not decide any outcome.
  const { $schema: _, ...experiment } = result.output;
  checkHashed(experiment, origin);
  checkDefined(experiment, origin);
  checkNames(experiment, origin);
  const environments = withControls(experiment.environments);
  for (const [name, environment] of Object.entries(environments)) checkEnvironment(name, environment, origin);
  const runs = experiment.runs.map((run) => inherit(run, experiment.runs, origin));
  for (const run of experiment.runs) checkGiven(run, experiment.runs, origin);
  for (const run of runs) checkRun(run, { ...experiment, environments }, origin);
  const checked = { ...experiment, ...(experiment.environments && { environments }), runs };
  checkMetrics(checked, origin);
  checkSearch(checked, origin);
  return checked;
}

/** Rows of tables are told apart by their names, and results of one name are taken for the seeds of one model. */
function checkNames({ runs, baselines }: Experiment, origin: string): void {
  const twice = (names: readonly string[]) => names.find((name, i) => names.indexOf(name) !== i);
  const refuse = (whose: string, value: string | undefined, hint: string): void => {
    if (value === undefined) return;
    throw new LeaError('E_CONFIG', `${origin}: expected different names for ${whose}.`, { value, hint });
  };
  const own = runs.map(({ name }) => name);
  const others = baselines.map(baselineName);
  refuse('all runs', twice(own), 'Rename one of these runs.');
  refuse('all baselines', twice(others), 'Give one of these baselines a "name" of its own.');
  refuse('runs and baselines', twice([...own, ...others]), 'Rename the run, or give the baseline a "name" of its own.');
}

/** The issue to tell: of a value that may be several things, that of the only one which it is down to some part of it. */
function furthest(issue: v.BaseIssue<unknown>): { issue: v.BaseIssue<unknown>; where: string } {
  const deeper = issue.type === 'union' ? (issue.issues ?? []).filter(({ path }) => path !== undefined) : [];
  const where = v.getDotPath(issue) ?? '';
  if (deeper.length !== 1) return { issue, where };
  const inner = furthest(deeper[0]!);
  return { ...inner, where: [where, inner.where].filter(Boolean).join('.') };
}

/** The types of agents check their options, but may accept values that cannot be hashed into a run id. */
function checkHashed(experiment: Experiment, origin: string): void {
  try {
    stableJson(experiment);
  } catch (cause) {
    throw new LeaError('E_CONFIG', `${origin}: ${(cause as Error).message}`, { cause });
  }
}

/** Whether our own message of a check leaves the value to the error. */
function isUntold({ kind, message }: v.BaseIssue<unknown>): boolean {
  return kind === 'validation' && !message.startsWith('Invalid ') && !/, got /.test(message);
}

/** Suggests the expected word that is closest to the given one. */
function guess({ expected, received }: v.BaseIssue<unknown>): string {
  const words = [...(expected ?? '').matchAll(/"([^"]+)"/g)].map((match) => match[1]!);
  const near = expected !== 'never' && received.startsWith('"') ? nearest(received.slice(1, -1), words) : undefined;
  return near ? `. Did you mean "${near}"?` : '';
}

/** A run with its missing options taken from its base, recursively, unless it says that it inherits nothing. */
function inherit(
  given: RunConfig,
  all: readonly RunConfig[],
  origin: string,
  heirs: readonly RunConfig[] = [],
): RunConfig {
  const { inherit: inherits = true, ...run } = given;
  if (heirs.includes(given)) {
    throw new LeaError('E_CONFIG', `${origin}: run "${run.name}" is its own base, directly or through other runs.`, {
      value: heirs.map((heir) => heir.name),
      hint: 'Remove "base" or "network" from one of these runs.',
    });
  }
  const named = run.base === undefined ? undefined : find(run.base, all, given, 'base', origin);
  // A base is resolved in any case, which finds circles.
  const base = named && inherit(named, all, origin, [...heirs, given]);
  const from = inherits ? base : undefined;
  const source = run.network === undefined ? undefined : find(run.network, all, given, 'network', origin);
  if (source) return { ...run, agent: inherit(source, all, origin, [...heirs, given]).agent };
  const agent = run.agent ?? from?.agent;
  if (!agent) {
    throw new LeaError('E_CONFIG', `${origin}: run "${run.name}" has no agent.`, {
      hint: 'Set "agent", or set "base" to a run that has one.',
    });
  }
  return { ...run, agent, train: { ...from?.train, ...run.train } };
}

function checkRun(run: RunConfig, { environments = {}, runs, packages = [] }: Experiment, origin: string): void {
  for (const control of controlsOf(run)) find(control, runs, run, 'control', origin);
  if (run.network !== undefined) checkNetwork(run, runs, origin);
  for (const teacher of teachersOf(run)) {
    if (!Object.hasOwn(environments, teacher)) {
      const known = Object.keys(environments);
      throw unknown(`${origin}: run "${run.name}" names an environment that does not exist.`, teacher, known);
    }
    checkUse(run, environments[teacher]!, origin);
  }
  let agent: Agent;
  try {
    agent = createAgent(run.agent as never);
  } catch (cause) {
    if (!(cause instanceof LeaError)) throw cause;
    const what = `${origin}: the agent of run "${run.name}": ${cause.message}`;
    const hint = cause.code === 'E_TYPE_UNKNOWN' ? whoDefines(packages) : undefined;
    throw new LeaError(cause.code, what, { cause, ...(hint && { hint }) });
  }
  checkStates(run, agent.readsEnvironmentState === true, origin);
}

/** The names of a run's control runs. */
export function controlsOf({ controlRun = [] }: RunConfig): string[] {
  return [controlRun].flat();
}

/** The names of the environments that teach a run. */
export function teachersOf({ environment = [] }: RunConfig): string[] {
  return [environment].flat();
}

/** Checks a run that takes the network of another run: it must not have options of training. */
function checkGiven(run: RunConfig, all: readonly RunConfig[], origin: string): void {
  if (run.network === undefined) return;
  const { name, network: _, base: __, controlRun: ___, agent, memory, ...rest } = run;
  const refuse = (what: string, value: unknown, hint: string): never => {
    throw new LeaError('E_CONFIG', `${origin}: run "${name}" takes the network of another run, ${what}`, {
      value,
      hint,
    });
  };
  const unread = Object.entries(rest).find(([, value]) => value !== undefined)?.[0];
  if (unread) refuse(`so it does not use "${unread}".`, unread, 'Set it on the run that trains the network.');
  // A run that was checked before already has the agent of the other run.
  const same = agent && stableJson(agent) === stableJson(inherit({ ...run, agent: undefined }, all, origin).agent);
  if (agent && !same) refuse('so it cannot have its own agent.', agent.type, 'Remove "agent".');
  if (!memory) refuse('but adds no memory to it.', name, 'Set "memory".');
  if (memory?.fusion === 'joint') {
    refuse(
      'so its memory cannot be trained jointly.',
      'joint',
      'Set fusion to "after" or "mixture", or replace "network" by "agent".',
    );
  }
}

/** Checks that the network is trained before it is taken. */
function checkNetwork(run: RunConfig, runs: readonly RunConfig[], origin: string): void {
  const source = find(run.network!, runs, run, 'network', origin);
  const hint = 'Name a run that comes earlier in "runs", trains its own network and has no memory.';
  const place = (of: RunConfig) => runs.findIndex(({ name }) => name === of.name);
  const earlier = place(source) < place(run);
  if (earlier && source.network === undefined && source.memory === undefined) return;
  throw new LeaError('E_CONFIG', `${origin}: run "${run.name}" cannot take the network of "${source.name}".`, { hint });
}

function whoDefines(packages: readonly string[]): string {
  if (packages.length === 0) return 'If a package defines it, add that package to "packages".';
  return `None of the imported packages defines it: ${packages.join(', ')}.`;
}

function find(name: string, all: readonly RunConfig[], run: RunConfig, role: string, origin: string): RunConfig {
  const found = all.find((r) => r.name === name && r !== run);
  if (!found)
    throw unknown(
      `${origin}: the ${role} of run "${run.name}" does not exist or is the run itself.`,
      name,
      all.map((r) => r.name),
    );
  return found;
}

function unknown(what: string, value: string, known: readonly string[]): LeaError {
  const near = nearest(value, known);
  return new LeaError('E_CONFIG', what, {
    value,
    hint: near ? `Did you mean "${near}"?` : `The config has: ${known.join(', ') || 'none'}.`,
  });
}
