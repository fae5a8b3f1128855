import { contentHash, LeaError } from '@lea/core';
import { checkedRewards } from '@lea/data';
import type { Loaded } from '../config/load.ts';
import { checkMetrics } from '../config/metrics.ts';
import type { Experiment } from '../config/schema.ts';
import { type Dataset, describe, statisticsOf } from '../data/describe.ts';
import { loadDataset } from '../data/load.ts';
import { splitAs } from '../data/split.ts';
import type { Progress } from '../terminal/progress.ts';
import { type Context, lazyMemories, lazyText } from './context.ts';
import { checkLists } from './lists.ts';
import { lazyLog } from './logged.ts';
import { modelsOf } from './models.ts';
import { checkReference } from './plan.ts';

/** The part of the context that is read: data, split, rewards. */
export type Prepared = Omit<Context, 'progress' | 'signal' | 'folder'>;

/** Reads and splits the data of an experiment; texts come after the split. */
export async function prepareData(
  { experiment, packages, folder, origin }: Loaded,
  data: string | undefined,
): Promise<Prepared> {
  const models = await modelsOf(Object.values(experiment.environments ?? {}));
  const source = await loadDataset(experiment.dataset, data, folder);
  const split = await splitAs(experiment.split, source.interactions, folder);
  const dataset = await describe(source, split);
  checkLists(experiment, dataset, origin);
  checkReference(experiment, origin);
  if (experiment.rewards === 'logged') checkMetrics(experiment, origin, source.interactions.kinds);
  const text = lazyText(dataset.itemTexts?.texts ?? []);
  const memory = lazyMemories({ experiment, split, dataset, text });
  return {
    experiment,
    packages,
    dataset,
    split,
    models,
    dataHash: contentHash(dataset.hash, split.info, split.train.event, split.validation.event, split.test.event),
    rewards: rewardsFor(dataset, experiment.rewards, origin),
    text,
    memory,
    logged: lazyLog({ experiment, split, memory }),
    // Whatever the machine: threads order sums, and a run may go on elsewhere.
    threads: experiment.threads ?? 2,
  };
}

function rewardsFor({ interactions }: Dataset, rewards: Experiment['rewards'], origin: string): Context['rewards'] {
  if (rewards === 'logged' && !interactions.reward) {
    throw new LeaError('E_REWARD_MISSING', `${origin}, at rewards: the data have no rewards of their own.`, {
      value: rewards,
      hint: 'Name their column in a dataset of files: "columns": { "reward": "price" }. Or give a number for each kind.',
    });
  }
  return checkedRewards(`${origin}, at rewards`, interactions, rewards);
}

/** One line about the data, and one for each note of the reader. */
export function sayData(progress: Progress, { dataset, split }: Pick<Context, 'dataset' | 'split'>): void {
  const { info } = dataset.interactions;
  const count = (n: number) => n.toLocaleString('en');
  progress.say(
    `${statisticsOf(dataset)}; ` +
      `train ${count(split.train.count)}, validation ${count(split.validation.count)}, test ${count(split.test.count)}`,
  );
  for (const note of info.notes) progress.say(note);
}
