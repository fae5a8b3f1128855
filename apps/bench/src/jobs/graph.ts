import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { contentHash } from '@lea/core';
import type { AnnotationPart } from '@lea/env';
import { runBaseline } from '../experiment/baseline.ts';
import type { Context } from '../experiment/context.ts';
import { prepareEnvironment } from '../experiment/environment.ts';
import { estimateOf, runEstimate } from '../experiment/estimate.ts';
import { runFused } from '../experiment/fused.ts';
import { annotateRows, type Guide, questionsOf, type Rule, ruleOf } from '../experiment/guidance.ts';
import { keptFolder } from '../experiment/kept.ts';
import { languageModelOf, languageOf, languageParts } from '../experiment/language.ts';
import { rewardsDiffer } from '../experiment/logged.ts';
import { type EnvironmentJob, type Job, type Plan, type RunJob, slug } from '../experiment/plan.ts';
import type { Prepared } from '../experiment/prepare.ts';
import { recordPath } from '../experiment/record.ts';
import { runTrained } from '../experiment/trained.ts';
import { annotateTrain, partsOf } from './annotation.ts';

/** Everything that jobs share within a process. */
export interface Bench {
  readonly context: Context;
  readonly guide: Guide;
}

/** One unit of work: a process can do it alone, in a folder of its own. */
export interface PlannedJob {
  readonly id: string;
  readonly kind:
    | 'language model'
    | 'item tokens'
    | 'environment'
    | 'annotation part'
    | 'annotation'
    | 'baseline'
    | 'run'
    | 'off-policy estimate'
    | 'trial';
  /** The baseline, the run, or the environment that it belongs to. */
  readonly name: string;
  readonly seed: number;
  /** Of an annotation part. */
  readonly part?: AnnotationPart;
  /** Holds `record.json` once the job is finished. */
  readonly folder: string;
  /** The object whose hash the id holds. */
  readonly resolved: unknown;
  /** The jobs whose results it reads. */
  readonly after: readonly PlannedJob[];
  /** 0 for a job that reads no other; otherwise one more than the latest of those that it reads. */
  readonly stage: number;
  /** Does the job; the record is written last. */
  readonly work: (bench: Bench) => Promise<unknown>;
}

/** All jobs of an experiment, each after those that it reads. */
export function jobsOf(plan: Plan, prepared: Prepared): PlannedJob[] {
  const jobs = new Map<string, PlannedJob>();
  const add = (job: Omit<PlannedJob, 'stage'>): PlannedJob => {
    const known = jobs.get(job.id) ?? { ...job, stage: Math.max(-1, ...job.after.map(({ stage }) => stage)) + 1 };
    jobs.set(job.id, known);
    return known;
  };

  const language = ({ name, seed, config }: EnvironmentJob): PlannedJob[] => {
    const parts = languageParts(config, seed, prepared);
    const part = (what: keyof typeof parts, own: Pick<PlannedJob, 'kind' | 'after' | 'work'>): PlannedJob[] => {
      const resolved = parts[what];
      if (!resolved) return [];
      const folder = keptFolder(what, resolved, plan.folder);
      return [add({ id: basename(folder), name, seed, folder, resolved, ...own })];
    };
    const model = part('model', {
      kind: 'language model',
      after: [],
      work: ({ context }) => languageModelOf(config, seed, parts.model!, context),
    });
    const tokens = part('tokens', {
      kind: 'item tokens',
      after: model,
      work: ({ context }) => languageOf(config, seed, context),
    });
    return [...model, ...tokens];
  };

  const environment = (job: EnvironmentJob, rule: Rule): PlannedJob => {
    const work = async ({ context, guide }: Bench): Promise<void> => {
      // Folds are annotated while they are fitted.
      if (job.config.folds !== undefined) await guide.annotation(job, rule);
      else await (await prepareEnvironment(job, context)).environment.dispose();
    };
    return add({ ...named(job), kind: 'environment', after: language(job), work });
  };

  const parts = (
    job: EnvironmentJob,
    rule: Rule,
    whole: { readonly fitted: PlannedJob; readonly folder: string; readonly resolved: object },
  ): PlannedJob[] => {
    const of = partsOf(prepared.split.train.count, job.config);
    if (of === 1) return [];
    const { name, seed } = job;
    return Array.from({ length: of }, (_, index) => {
      const part = { part: index, of };
      const resolved = { ...whole.resolved, ...part };
      const hash = contentHash(resolved).slice(0, 10);
      const [id, folder] = [`annotation-part-${slug(name)}-s${seed}-${hash}`, join(whole.folder, `part-${hash}`)];
      const work = ({ context }: Bench) =>
        annotateTrain({ folder, resolved }, () => annotateRows(job, rule, part, context).then(() => undefined));
      return add({ id, name, seed, part, folder, resolved, kind: 'annotation part', after: [whole.fitted], work });
    });
  };

  const annotation = (job: EnvironmentJob, rule: Rule): PlannedJob => {
    const fitted = environment(job, rule);
    const resolved = { environment: job.resolved, ...questionsOf(rule, prepared.experiment) };
    const hash = contentHash(resolved).slice(0, 10);
    const { name, seed } = job;
    const [id, folder] = [`annotation-${slug(name)}-s${seed}-${hash}`, join(job.folder, `annotation-${hash}`)];
    // The environments of folds are found by their language, and annotate while they are fitted.
    const after =
      job.config.folds === undefined
        ? [fitted, ...parts(job, rule, { fitted, folder, resolved })]
        : [...fitted.after, fitted];
    const work = ({ guide }: Bench) =>
      annotateTrain({ folder, resolved }, async () => (await guide.annotation(job, rule)).annotation.hash);
    return add({ id, name, seed, folder, resolved, kind: 'annotation', after, work });
  };

  const run = (job: RunJob): PlannedJob => {
    const { network } = job;
    const taught = job.environments
      .filter(({ config }) => config.tier !== 'counting')
      .map((teacher) => annotation(teacher, ruleOf(job.config)));
    const taughtBy = taught.flatMap(({ after }) => after.filter(({ kind }) => kind !== 'annotation part'));
    const read = [...taughtBy, ...taught, ...(network ? [run(network)] : [])];
    const work = async ({ context, guide }: Bench) => {
      if (network) return runFused(job, network, context);
      return runTrained(job, context, job.environments.length > 0 ? await guide.guidance(job) : undefined);
    };
    return add({ ...named(job), kind: 'run', after: [...new Set(read)], work });
  };

  const estimate = (job: Job, after: PlannedJob): void => {
    const { offPolicy } = prepared.experiment;
    if (!offPolicy || !rewardsDiffer(prepared.split, prepared.rewards)) return;
    const { name, seed } = job;
    const own = estimateOf(job, offPolicy);
    const work = ({ context }: Bench) => runEstimate(job, own, context);
    add({ ...own, name, seed, kind: 'off-policy estimate', after: [after], work });
  };

  for (const job of plan.jobs) {
    const measured =
      job.kind === 'run'
        ? run(job)
        : add({ ...named(job), kind: job.kind, after: [], work: ({ context }) => runBaseline(job, context) });
    estimate(job, measured);
  }
  return [...jobs.values()];
}

function named({ id, name, seed, folder, resolved }: Job | EnvironmentJob) {
  return { id, name, seed, folder, resolved };
}

/** Whether a job has its record, and so whether other jobs can read its result. */
export function isFinished({ folder }: Pick<PlannedJob, 'folder'>): boolean {
  return existsSync(recordPath(folder));
}

/** Whether a job ranks the test events: a row of the table. */
export function isMeasured({ kind }: Pick<PlannedJob, 'kind'>): boolean {
  return kind === 'baseline' || kind === 'run';
}

/** The jobs that have to be done so that every run, baseline, estimate and trial is finished, each after those that it reads. */
export function neededJobs(jobs: readonly PlannedJob[]): PlannedJob[] {
  const needed = new Set<PlannedJob>();
  const need = (job: PlannedJob): void => {
    if (needed.has(job) || isFinished(job)) return;
    job.after.forEach(need);
    needed.add(job);
  };
  jobs.filter((job) => isMeasured(job) || job.kind === 'off-policy estimate' || job.kind === 'trial').forEach(need);
  return [...needed];
}

/** What a job is called while it runs. @param seeds number of seeds of the experiment */
export function titleOf({ kind, name, seed, part }: PlannedJob, seeds: number): string {
  const of = kind === 'annotation' || part ? 'by' : 'of';
  const title =
    isMeasured({ kind }) || kind === 'trial'
      ? name
      : kind === 'environment'
        ? `environment "${name}"`
        : `${part ? `part ${part.part + 1} of ${part.of} of the annotation` : kind} ${of} "${name}"`;
  return seeds > 1 && kind !== 'baseline' ? `${title}, seed ${seed}` : title;
}
