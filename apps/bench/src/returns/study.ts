import { join } from 'node:path';
import { LeaError } from '@lea/core';
import type { WorldUsers } from '@lea/data';
import { evaluate, evaluateInteractive, type InteractiveEvaluation, type StoppingRule } from '@lea/eval';
import type { Loaded } from '../config/load.ts';
import type { Prepared } from '../experiment/prepare.ts';
import { type PlanOptions, planExperiment } from '../jobs/planned.ts';
import { runWhole } from '../jobs/run.ts';
import { createProgress, type Progress } from '../terminal/progress.ts';
import { counted, type Head, heads, references, type Subject } from './policies.ts';

/** The stopping rules of the study. */
export const RULES = ['FreeB', 'NX_0', 'NX_X'] as const satisfies readonly StoppingRule[];

/** Visits longer than this are cut, so that patient users do not decide the mean. */
const MOST_OFFERS = 60;

/** A policy of the study with what it came to. */
export interface Row {
  readonly name: string;
  readonly head: Head | null;
  /** One evaluation per seed; a single one for policies without training. */
  readonly visits: Readonly<Record<StoppingRule, InteractiveEvaluation[]>>;
  /** NDCG@10 on the test events, per seed; empty for policies that see more than histories. */
  readonly ndcg: number[];
}

export interface Returns {
  readonly rows: readonly Row[];
  /** The row that the others are compared with: the first run, ranked by its supervised head. */
  readonly reference: Row | undefined;
  readonly context: Prepared;
  /** Number of visits per policy, seed and rule. */
  readonly users: number;
}

export interface ReturnsOptions extends PlanOptions {
  readonly users: number;
}

/**
 * Trains the runs of an experiment on the log of a world with dynamics, as the command run does, and plays visits with every policy
 * and each of its heads.
 *
 * @throws LeaError `E_CONFIG` if the data are no world with dynamics
 */
export async function runReturns(loaded: Loaded, options: ReturnsOptions): Promise<Returns> {
  const { prepared } = await planExperiment(loaded, options);
  const visitors = prepared.dataset.world?.users;
  if (!visitors) {
    throw new LeaError('E_CONFIG', 'Expected a world with dynamics as the data set of the command returns.', {
      value: prepared.experiment.dataset,
      hint: 'Set dataset to { "type": "world", "dynamics": {} }.',
    });
  }
  const { runs, context } = await runWhole(loaded, { ...options, onFinished: () => {} });
  const { experiment } = context;
  const trained = runs.filter(({ record }) => record.kind === 'run');
  const progress = createProgress(options.out, trained.length + experiment.baselines.length + 1);
  const rows: Row[] = [];
  const play = async (subjects: readonly Subject[]) => {
    for (const subject of subjects) await add(rows, subject, visitors, context, progress, options);
  };
  for (const config of experiment.baselines) {
    const subject = await counted(config, context);
    progress.begin(`visits of ${subject.name}`);
    await play([subject]);
    progress.end(earned(rows.at(-1)!));
  }
  for (const { record } of trained) {
    progress.begin(`visits of ${record.name}, seed ${record.seed}`);
    const subjects = await heads(record.name, join(options.runs, experiment.name, record.id), context.threads);
    try {
      await play(subjects);
    } finally {
      await subjects.dispose?.();
    }
    progress.end(earned(rows.find(({ name }) => name === record.name)!));
  }
  progress.begin('visits of policies that know the world');
  await play(references(visitors));
  progress.end(earned(rows.at(-1)!));
  const reference = rows.find(({ head }) => head === 'supervised');
  return { rows, reference, context, users: options.users };
}

function earned({ visits }: Row): string {
  return `return ${visits.FreeB.at(-1)!.means.return.toFixed(2)} (FreeB)`;
}

/** Plays the visits of a policy and adds them to its row. */
async function add(
  rows: Row[],
  { name, head, policy, scorer }: Subject,
  visitors: WorldUsers,
  { split }: Prepared,
  progress: Progress,
  { users, signal }: ReturnsOptions,
): Promise<void> {
  const known = rows.find((row) => row.name === name && row.head === head);
  const row: Row = known ?? { name, head, visits: { FreeB: [], NX_0: [], NX_X: [] }, ndcg: [] };
  if (!known) rows.push(row);
  for (const [done, rule] of RULES.entries()) {
    progress.at({ step: done, total: RULES.length, open: false, note: rule });
    const options = { rule, users, maxLength: MOST_OFFERS, parallel: 256, signal };
    row.visits[rule].push(await evaluateInteractive(policy, visitors, options));
  }
  if (scorer) {
    const { metrics } = await evaluate(scorer, split.test, { ks: [10], signal });
    row.ndcg.push(metrics['ndcg@10']!);
  }
}
