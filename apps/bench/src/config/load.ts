import { access } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { type Agent, createAgent } from '@lea/agents';
import { LeaError, nearest, stableJson } from '@lea/core';
import * as v from 'valibot';
import { checkDefined } from './defined.ts';
import { checkEnvironment, checkStates, checkUse, locateModels, withControls } from './environments.ts';
import { readJsonFile } from './json-file.ts';
import { checkMetrics } from './metrics.ts';
import { importPackages, type PackageVersions } from './packages.ts';
import { presets } from './presets/index.ts';
import { type Experiment, experimentSchema, type RunConfig } from './schema.ts';

/** An experiment, and where its relative paths start. */
export interface Loaded {
  readonly experiment: Experiment;
  /** Named in messages: a file or `preset "quick"`. */
  readonly origin: string;
  readonly folder: string;
  /** What the config's `packages` are. */
  readonly packages: PackageVersions;
}

/**
 * The experiment of a preset's name or a JSON file, checked to the last key, every run resolved.
 *
 * @throws LeaError `E_PRESET_UNKNOWN`, `E_FILE_MISSING`, `E_CONFIG_JSON`, `E_CONFIG`, and those of `importPackages`
 */
export async function loadExperiment(target: string): Promise<Loaded> {
  if (Object.hasOwn(presets, target)) {
    const preset = presets[target]!;
    const origin = `preset "${target}"`;
    return { experiment: check(preset, origin), origin, folder: process.cwd(), packages: {} };
  }
  const path = resolve(target);
  if (!/[./\\]/.test(target) && !(await exists(path))) {
    const near = nearest(target, Object.keys(presets));
    throw new LeaError('E_PRESET_UNKNOWN', 'There is neither a preset nor a config file of that name.', {
      value: target,
      hint: `${near ? `Did you mean "${near}"? ` : ''}Presets are: ${Object.keys(presets).join(', ')}.`,
    });
  }
  const json = await readJsonFile(path);
  const folder = dirname(path);
  const packages = await importPackages(packagesOf(json), folder, path);
  const experiment = await locateModels(check(json, path), folder, path);
  return { experiment, origin: path, folder, packages };
}

/** The packages of a config that has yet to be checked. */
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

/** Validates an experiment and resolves what runs inherit from their base. */
export function check(config: unknown, origin: string): Experiment {
  const result = v.safeParse(experimentSchema, config);
  if (!result.success) {
    // a misspelt key explains the missing one
    const issue = result.issues.find(({ expected }) => expected === 'never') ?? result.issues[0];
    const where = v.getDotPath(issue);
    throw new LeaError('E_CONFIG', `${origin}${where ? `, at ${where}` : ''}: ${issue.message}${guess(issue)}`);
  }
  const experiment = result.output;
  checkHashed(experiment, origin);
  checkDefined(experiment, origin);
  const names = experiment.runs.map((run) => run.name);
  const twice = names.find((n, i) => names.indexOf(n) !== i);
  if (twice)
    throw new LeaError('E_CONFIG', `${origin}: two runs have one name.`, { value: twice, hint: 'Rename one of them.' });
  const environments = withControls(experiment.environments);
  for (const [name, environment] of Object.entries(environments)) checkEnvironment(name, environment, origin);
  const runs = experiment.runs.map((run) => inherit(run, experiment.runs, origin));
  for (const run of experiment.runs) checkGiven(run, experiment.runs, origin);
  for (const run of runs) checkRun(run, { ...experiment, environments }, origin);
  const checked = { ...experiment, ...(experiment.environments && { environments }), runs };
  checkMetrics(checked, origin);
  return checked;
}

/** Options of agents are checked by their types, which may let pass what no run id can hold. */
function checkHashed(experiment: Experiment, origin: string): void {
  try {
    stableJson(experiment);
  } catch (cause) {
    throw new LeaError('E_CONFIG', `${origin}: ${(cause as Error).message}`, { cause });
  }
}

/** The nearest of the words that were expected. */
function guess({ expected, received }: v.BaseIssue<unknown>): string {
  const words = [...(expected ?? '').matchAll(/"([^"]+)"/g)].map((match) => match[1]!);
  const near = expected !== 'never' && received.startsWith('"') ? nearest(received.slice(1, -1), words) : undefined;
  return near ? `. Did you mean "${near}"?` : '';
}

/** A run with what it leaves out taken from its base, and from the base's base. */
function inherit(
  run: RunConfig,
  all: readonly RunConfig[],
  origin: string,
  heirs: readonly RunConfig[] = [],
): RunConfig {
  if (heirs.includes(run)) {
    throw new LeaError('E_CONFIG', `${origin}: run "${run.name}" is its own base, by way of others.`, {
      value: heirs.map((heir) => heir.name),
      hint: 'Leave the base of one of them out.',
    });
  }
  const named = run.base === undefined ? undefined : find(run.base, all, run, 'base', origin);
  const base = named && inherit(named, all, origin, [...heirs, run]);
  const source = run.network === undefined ? undefined : find(run.network, all, run, 'network', origin);
  if (source) return { ...run, agent: inherit(source, all, origin, [...heirs, run]).agent };
  const agent = run.agent ?? base?.agent;
  if (!agent) {
    throw new LeaError('E_CONFIG', `${origin}: run "${run.name}" has no agent.`, {
      hint: 'Give it an "agent", or a "base" run to take it from.',
    });
  }
  return { ...run, agent, train: { ...base?.train, ...run.train } };
}

function checkRun(run: RunConfig, { environments = {}, runs, packages = [] }: Experiment, origin: string): void {
  for (const control of controlsOf(run)) find(control, runs, run, 'control', origin);
  if (run.network !== undefined) checkNetwork(run, runs, origin);
  for (const teacher of teachersOf(run)) {
    if (!Object.hasOwn(environments, teacher)) {
      const known = Object.keys(environments);
      throw unknown(`${origin}: run "${run.name}" names an environment that is not there.`, teacher, known);
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

/** The controls of a run, none or several. */
export function controlsOf({ controlRun = [] }: RunConfig): string[] {
  return [controlRun].flat();
}

/** The environments that teach a run, none or several. */
export function teachersOf({ environment = [] }: RunConfig): string[] {
  return [environment].flat();
}

/** What a run that takes the network of another does not train with. */
function checkGiven(run: RunConfig, all: readonly RunConfig[], origin: string): void {
  if (run.network === undefined) return;
  const { name, network: _, base: __, controlRun: ___, agent, memory, ...rest } = run;
  const refuse = (what: string, value: unknown, hint: string): never => {
    throw new LeaError('E_CONFIG', `${origin}: run "${name}" takes the network of another, ${what}`, { value, hint });
  };
  const unread = Object.entries(rest).find(([, value]) => value !== undefined)?.[0];
  if (unread) refuse(`so it does not read "${unread}".`, unread, 'Set it on the run that trains.');
  // What was checked before has the agent that it takes.
  const same = agent && stableJson(agent) === stableJson(inherit({ ...run, agent: undefined }, all, origin).agent);
  if (agent && !same) refuse('so it cannot have an agent of its own.', agent.type, 'Leave "agent" out.');
  if (!memory) refuse('but adds nothing to it.', name, 'Give it a "memory".');
  if (memory?.fusion === 'joint') {
    refuse('so its memory cannot join in training.', 'joint', 'Take "after" or "mixture", or train it with "agent".');
  }
}

/** The network has to be there when it is taken. */
function checkNetwork(run: RunConfig, runs: readonly RunConfig[], origin: string): void {
  const source = find(run.network!, runs, run, 'network', origin);
  const hint = 'Name a run that stands before it and trains a network of its own without a memory.';
  const place = (of: RunConfig) => runs.findIndex(({ name }) => name === of.name);
  const earlier = place(source) < place(run);
  if (earlier && source.network === undefined && source.memory === undefined) return;
  throw new LeaError('E_CONFIG', `${origin}: run "${run.name}" cannot take the network of "${source.name}".`, { hint });
}

function whoDefines(packages: readonly string[]): string {
  if (packages.length === 0) return 'If another package defines it, name that package in "packages".';
  return `Imported and not defining it: ${packages.join(', ')}.`;
}

function find(name: string, all: readonly RunConfig[], run: RunConfig, role: string, origin: string): RunConfig {
  const found = all.find((r) => r.name === name && r !== run);
  if (!found)
    throw unknown(
      `${origin}: the ${role} of run "${run.name}" is not among the runs.`,
      name,
      all.map((r) => r.name),
    );
  return found;
}

function unknown(what: string, value: string, known: readonly string[]): LeaError {
  const near = nearest(value, known);
  return new LeaError('E_CONFIG', what, {
    value,
    hint: near ? `Did you mean "${near}"?` : `There are: ${known.join(', ') || 'none'}.`,
  });
}
