import { join } from 'node:path';
import { type Agent, createAgent } from '@lea/agents';
import { replaceFile } from '@lea/core/node';
import { evaluate } from '@lea/eval';
import { fit, type Signals, type TrainEvent, type TrainResult } from '@lea/train';
import { formatMetric, metricTitle } from '../terminal/metric.ts';
import type { Progress } from '../terminal/progress.ts';
import type { Context } from './context.ts';
import { measuredLists } from './lists.ts';
import { openLog } from './log.ts';
import type { RunJob } from './plan.ts';
import { baseRecord, type FinishedRun, type RunRecord, saveRun } from './record.ts';
import { sayMemory } from './say-memory.ts';
import { servingOf } from './serving.ts';

/** File of the state of a training, in the folder of its run. */
export const CHECKPOINT = 'checkpoint.safetensors';

/** The signals that an environment adds to a run. */
export interface Guidance {
  readonly signals: Signals;
  readonly record: NonNullable<RunRecord['environment']>;
}

/** A network that training has ended with. */
export interface Trained {
  readonly result: TrainResult;
  readonly agent: Agent;
  /** The validation metric of the policy: of the network, or of the network combined with its memory. */
  readonly validation: number | undefined;
  /** Numbers in all trained networks. */
  readonly parameters: number;
  /** Working time so far, over all sittings. */
  readonly seconds: () => number;
  readonly memory?: NonNullable<RunRecord['memory']>;
}

/** What training needs to know of a run, or of a trial. */
export type Training = Pick<RunJob, 'name' | 'config' | 'seed' | 'folder' | 'resolved'>;

/** Trains or resumes training, ranks the test events and saves the outcome. Throws the signal's reason when aborted. */
export async function runTrained(job: RunJob, context: Context, guidance: Guidance | undefined): Promise<FinishedRun> {
  const { experiment, split, threads, signal } = context;
  const { result, agent, validation, parameters, seconds, memory } = await train(job, context, guidance);
  try {
    const evaluation = await evaluate({ ...result.policy, name: job.name }, split.test, {
      ks: experiment.ks,
      exclude: experiment.exclude,
      signal,
    });
    await result.policy.save(join(job.folder, 'policy'));
    const { steps, best, curve, weightsHash } = result;
    const record: RunRecord = {
      ...baseRecord(job, context, evaluation, agent.rankingHead),
      threads,
      seconds: seconds(),
      weightsHash,
      training: { steps, best, curve, parameters },
      validation,
      ...(await measuredLists({ ...result.policy, name: job.name }, context)),
      serving: await servingOf(result.policy, split.test),
      ...(memory && { memory }),
      ...(guidance && { environment: guidance.record }),
    };
    await saveRun(job.folder, record, evaluation);
    return { record, evaluation, fresh: true };
  } finally {
    await result.policy.dispose();
  }
}

/**
 * Trains or resumes training in the folder of a run. It reads the train and the validation rows only. The caller disposes the
 * policy. Throws the signal's reason when aborted.
 */
export async function train(job: Training, context: Context, guidance: Guidance | undefined): Promise<Trained> {
  const { experiment, split, rewards, threads, progress, signal } = context;
  const agent = createAgent(job.config.agent as never);
  await replaceFile(join(job.folder, 'config.json'), `${JSON.stringify(job.resolved, null, 2)}\n`);
  const log = await openLog(join(job.folder, 'events.jsonl'));
  const { fusion: form, ...options } = job.config.memory ?? {};
  const counted = job.config.memory && (await context.memory(options));
  const work = fit({
    ...job.config.train,
    memory: counted?.memory,
    fusion: form,
    agent,
    train: split.train,
    validation: split.validation,
    rewards,
    window: experiment.window,
    exclude: experiment.exclude,
    seed: job.seed,
    threads,
    // On a busy machine, spinning threads take several times as long.
    checkpoint: join(job.folder, CHECKPOINT),
    onMismatch: 'restart',
    signals: guidance?.signals,
    text: agent.encoder.needsText || agent.encoder.initText ? context.text() : undefined,
    signal,
  });
  const show = follower(progress, job.config.train?.metric);
  let parameters = 0;
  let fusedValue: number | undefined;
  for await (const event of work) {
    if (event.type === 'start') {
      parameters = event.parameters;
      if (event.resumedFrom === 0) log.anew();
      if (event.discarded) progress.say(`${job.name} starts over. ${event.discarded}`);
    }
    if (event.type === 'phase') sayMemory(progress, job.name, event.memoryBytes);
    if (event.type === 'fused') fusedValue = event.value;
    show(event);
    if (event.type !== 'step') await log.append(event);
  }
  const result = await work;
  if (result.stopped) {
    await result.policy.dispose();
    throw signal.reason;
  }
  return {
    result,
    agent,
    validation: fusedValue ?? result.best?.value,
    parameters,
    seconds: log.seconds,
    ...(counted && { memory: { hash: counted.memory.hash, seconds: counted.seconds, fusion: result.fusion! } }),
  };
}

/**
 * Shows the events of a run. With early stopping the end is unknown, so the remaining time assumes that no validation improves
 * any more.
 */
function follower(progress: Progress, metric = 'ndcg@10'): (event: TrainEvent) => void {
  let note = '';
  return (event) => {
    if (event.type === 'validation') {
      note = `validation ${metricTitle(metric)} ${formatMetric(event.value)}, best ${formatMetric(event.best.value)}`;
    }
    if (event.type === 'step' || event.type === 'validation') {
      progress.at({ step: event.done, total: event.total, open: event.open, note });
    }
  };
}
