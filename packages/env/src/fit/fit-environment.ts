import { checkObjects, contentHash, parseOptions, type Task, task } from '@lea/core';
import { catalogIdentityOf, checkTransitions } from '@lea/data';
import { plattScaling } from '@lea/eval';
import { specsOf, type Values } from '@lea/tensor';
import { createEnvironment, type Environment, type EnvironmentParts } from '../inference/environment.ts';
import type { EnvironmentEvent } from '../shared/events.ts';
import { ready } from '../shared/runtime.ts';
import { finiteLoss, parametersOf, stack, trainingState } from '../shared/steps.ts';
import { fitSchema, type GivenFit } from './fit-options.ts';
import { prepareFit } from './preparation.ts';
import { calibratedOffset } from './unseen-offset.ts';
import { type Validation, validationMeter } from './validation.ts';

const STEPS_PER_CALL = 32;

/** The same around a pretrained decoder, whose steps take a second: the state that each call returns is small beside them. */
const PRETRAINED_STEPS_PER_CALL = 4;

/** A random start may be above guessing by this much. */
const MARGIN = 0.5;

const START = { stage: 'environment', done: 0, unit: 'epochs' } as const;

/**
 * Fits the language-model environment (LE) on logged histories: a decoder over item tokens with a state model (loss L_sm: the
 * next item among all items) and a reward model (loss L_rm: the next item against items that the user has not interacted
 * with), trained jointly at every position of every history.
 *
 * Parameters depend only on the rows of `train` (of the sampled users, if `userShare` is below 1). The validation rows
 * select the epoch and fit two calibrations that are separate from the parameters: that of the rewards (Platt scaling), and the
 * offset of unseen items.
 *
 * @returns a task whose events count epochs. The first tells the memory of a step. An event with `metrics` ends an epoch; those in
 *   between have a fractional `done`, by the batches of training and validation. The result must be disposed
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`, `E_TOKENS_SHAPE`, `E_DATA_EMPTY`, `E_TEMPLATE`,
 *   `E_LOSS_NOT_FINITE`
 */
export function fitEnvironment(options: GivenFit): Task<Environment, EnvironmentEvent<'environment'>> {
  return task(() => fitting(options));
}

async function* fitting(options: GivenFit): AsyncGenerator<EnvironmentEvent<'environment'>, Environment> {
  checkObjects('fitEnvironment', { options });
  checkTransitions('fitEnvironment', { train: options.train });
  const { train, ...given } = options;
  const o = { train, ...parseOptions('fitEnvironment', fitSchema, given) };
  const { config, root, tokens, data, weights, step } = await prepareFit(o);
  const { trained, fixed, frozen, constants } = weights;
  const { optimizer, program } = step;
  const [first] = data.batchesOf(0) as [Values];
  const trainer = await ready(
    program,
    { state: specsOf(trainingState(trained, optimizer)), inputs: specsOf(first), frozen: specsOf(frozen), constants },
    o,
  );
  const unlearned = { ...frozen, ...constants };
  const meter =
    o.validation && (await validationMeter(o.validation, config, { ...trained, ...unlearned }, data.shape, root, o));
  try {
    let state = trainingState(trained, optimizer);
    let best: Best = { params: trained, score: Number.NEGATIVE_INFINITY, epoch: 0 };
    const { memoryBytes } = trainer.info;
    if (memoryBytes !== undefined) yield { ...START, total: o.epochs, memoryBytes };
    const perCall = config.connector ? PRETRAINED_STEPS_PER_CALL : STEPS_PER_CALL;
    for (let epoch = 0; epoch < o.epochs; epoch++) {
      const batches = data.batchesOf(epoch);
      const parts = batches.length + (meter?.batches ?? 0);
      const at = (part: number) =>
        ({ stage: 'environment', done: epoch + part / parts, total: o.epochs, unit: 'epochs' }) as const;
      const means: Record<string, number> = { epoch };
      let note: string | undefined;
      for (let s = 0; s < batches.length; s += perCall) {
        o.signal?.throwIfAborted();
        const result = await trainer.run({ state, inputs: stack(batches.slice(s, s + perCall)), frozen });
        state = result.state;
        finiteLoss(result.outputs.loss!.data, 'environment');
        if (epoch === 0 && s === 0) note = startNote(result.outputs.sm!.data[0]!, config.items, o.adaptation);
        for (const name of ['sm', 'rm']) {
          const sum = (result.outputs[name]!.data as Float32Array).reduce((a, b) => a + b, 0);
          means[name] = (means[name] ?? 0) + sum / batches.length;
        }
        const done = Math.min(s + perCall, batches.length);
        if (done === parts) continue;
        yield { ...at(done), ...(note && { note }) };
        note = undefined;
      }
      const now = parametersOf(state);
      const measured =
        meter && (yield* meter.run({ ...now, ...unlearned }, perCall, (done) => at(batches.length + done)));
      const metrics = { ...means, ...measured?.metrics };
      yield { ...at(parts), metrics, ...(note && { note }) };
      const score = measured ? quality(measured.metrics) : epoch;
      if (score > best.score) best = { params: now, score, epoch, rewards: measured?.rewards };
      else if (epoch - best.epoch >= o.patience) break;
    }
    const read = data.segments.map(({ from, to }) => [...train.sequences.items.slice(from, to)]);
    const parts: EnvironmentParts = {
      name: o.name,
      config,
      params: { ...best.params, ...fixed },
      tokens,
      counts: data.counts,
      calibration: best.rewards ? plattScaling(best.rewards.positive, best.rewards.negative) : null,
      data: contentHash(read),
      catalogIdentity: catalogIdentityOf(train.sequences.itemIds),
      runtime: { threads: o.threads, backend: o.backend },
    };
    const unseenOffset = o.unseenOffset ?? (o.validation ? await calibratedOffset(parts, o.validation, o.signal) : 0);
    return createEnvironment({ ...parts, unseenOffset });
  } finally {
    await trainer.dispose();
    await meter?.dispose();
  }
}

/**
 * Score of an epoch: NDCG@10 of the state model times the accuracy of the reward model above chance. With few users, NDCG
 * peaks after a few epochs, when the reward model has hardly learned anything.
 */
function quality(metrics: Record<string, number>): number {
  return metrics['ndcg@10']! * Math.max(metrics.accuracy! - 0.5, 0);
}

/** Training all weights does not unlearn a loss above that of guessing in a few epochs. @param sm state loss of the first step */
function startNote(sm: number, items: number, adaptation: GivenFit['adaptation']): string | undefined {
  const guessing = Math.log(items);
  if (sm <= guessing + MARGIN || adaptation !== 'all') return undefined;
  return (
    `The state loss starts at ${sm.toFixed(1)}, above ${guessing.toFixed(1)} of guessing among ${items} items. ` +
    'Item vectors and decoder do not fit together: set adaptation of the fit to { rank: 8 }.'
  );
}

/** The epoch with the best validation score; without validation, the last. */
interface Best {
  readonly params: Values;
  readonly score: number;
  readonly epoch: number;
  readonly rewards?: Validation['rewards'] | undefined;
}
