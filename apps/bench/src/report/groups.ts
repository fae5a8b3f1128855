import type { Fusion } from '@lea/agents';
import { mean } from '@lea/core';
import { controlsOf } from '../config/load.ts';
import type { RunConfig } from '../config/schema.ts';
import type { FinishedRun } from '../experiment/record.ts';
import { counted } from '../terminal/counted.ts';

/** A baseline, or the runs of one config with all seeds, of which reports show the means. */
export interface Group {
  readonly name: string;
  readonly kind: 'baseline' | 'run';
  /** A counting memory without a network. */
  readonly memory: boolean;
  readonly runs: readonly FinishedRun[];
  /** Mean test NDCG@10. */
  readonly score: number;
  /** Mean of the validation metric for early stopping; NaN for baselines. */
  readonly validation: number;
  /** Whether training ended at `maxSteps` with its best validation at the end: of the group, or of the network that it takes. */
  readonly rising: boolean;
  /** Number of its runs of which validation chose weight 0 for the network, so that they are the memory alone. */
  readonly memoryAlone: number;
}

/** Groups runs by name, in order of first appearance. */
export function groupsOf(runs: readonly FinishedRun[]): Group[] {
  const byName = Map.groupBy(runs, ({ record }) => `${record.kind} ${record.name}`);
  return [...byName.values()].map((own) => {
    const { name, kind, baseline, config } = own[0]!.record;
    const network = networkOf(config);
    const trained = network === undefined ? own : (byName.get(`run ${network}`) ?? []);
    return {
      name,
      kind,
      memory: (baseline as { type?: string } | undefined)?.type === 'counting-memory',
      runs: own,
      score: mean(own.map(({ record }) => record.metrics['ndcg@10'] ?? Number.NaN)),
      validation: mean(own.map(({ record }) => record.validation ?? record.training?.best?.value ?? Number.NaN)),
      rising: trained.some(endedRising),
      memoryAlone: own.filter(({ record: { memory } }) => memory !== undefined && isMemoryAlone(memory.fusion)).length,
    };
  });
}

/** The weight of the network is not read by `joint`. */
function isMemoryAlone({ form, weight }: Fusion): boolean {
  return form !== 'joint' && weight === 0;
}

/** The runs of those models of which all are there: baselines, and configs with every seed. */
export function wholeGroups(runs: readonly FinishedRun[], seeds: number): FinishedRun[] {
  return groupsOf(runs).flatMap((group) => (isWhole(group, seeds) ? group.runs : []));
}

/** Whether a model has all seeds of its experiment, without which it is not compared. Baselines have none. */
export function isWhole({ kind, runs }: Group, seeds: number): boolean {
  return kind === 'baseline' || runs.length >= seeds;
}

/** What stands behind the name of a model: ` (1 of 2 seeds)`; nothing where it has all. */
export function partOf(group: Group, seeds: number): string {
  return isWhole(group, seeds) ? '' : ` (${group.runs.length} of ${counted(seeds, 'seed')})`;
}

/** Behind a name: that some of its seeds, not all, are the memory alone. */
export function someAlone({ memoryAlone, runs }: Group): string {
  return memoryAlone < runs.length ? ` (${memoryAlone} of ${counted(runs.length, 'seed')})` : '';
}

/** The trained policy that is best on validation. Controls are left out, because they only explain a gain. */
export function servedOf(groups: readonly Group[], configs: readonly RunConfig[]): Group | undefined {
  const controls = new Set(configs.flatMap(controlsOf));
  return bestOf(
    groups.filter(({ kind, name }) => kind === 'run' && !controls.has(name)),
    ({ validation }) => validation,
  );
}

/** The name of {@link servedOf}, whose row is marked. */
export function servedName(runs: readonly FinishedRun[], configs: readonly RunConfig[]): string | undefined {
  return servedOf(groupsOf(runs), configs)?.name;
}

/** The group of the greatest value; groups without one come last. */
export function bestOf(groups: readonly Group[], value: (group: Group) => number): Group | undefined {
  const rank = (group: Group) => (Number.isNaN(value(group)) ? Number.NEGATIVE_INFINITY : value(group));
  return [...groups].sort((a, b) => rank(b) - rank(a))[0];
}

/** Whether a run ended at `maxSteps` with its best validation at the end. */
function endedRising({ record: { training, config } }: FinishedRun): boolean {
  const limit = configOf(config).train?.maxSteps;
  return limit !== undefined && training?.steps === limit && training.best?.step === training.curve.at(-1)?.step;
}

/** The name of the run whose trained network a run takes. */
function networkOf(resolved: unknown): string | undefined {
  const { network } = configOf(resolved) as { network?: unknown };
  return network === undefined ? undefined : configOf(network).name;
}

/** The config of a run, out of the object that its id hashes. */
export function configOf(resolved: unknown): RunConfig & { readonly agent?: { readonly target?: string } } {
  return (resolved as { config?: RunConfig } | undefined)?.config ?? { name: '' };
}

/** `2,089 test events of 200 users`: what the numbers of an experiment are measured on. */
export function testSize({ evaluation }: FinishedRun): string {
  const { events, users } = evaluation.protocol;
  return `${events.toLocaleString('en')} test events of ${users.toLocaleString('en')} users`;
}
