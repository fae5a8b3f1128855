import { contentHash, fold, integers, key, permutation, withDefaults } from '@lea/core';
import { adam, int32, keyTensorValue, specsOf, type Values } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs';
import type { DecoderConfig } from './decoders/config.ts';
import { initLora } from './decoders/lora.ts';
import { decoderSpecs, initDecoder } from './decoders/modules.ts';
import { createEnvironment, type Environment } from './environment.ts';
import { environmentLosses, initEnvironment } from './environment-model.ts';
import { configOf, DEFAULTS, type FitEnvironmentOptions, type Needed } from './fit-options.ts';
import type { Progress } from './progress.ts';
import { plattScaling } from './reward-calibration.ts';
import { ready } from './runtime.ts';
import { negativeSampler, packSegments, predictedCounts, segmentsOf, subsetOfSequences } from './segments.ts';
import { finiteLoss, parametersOf, stack, trainingState, trainingStep } from './steps.ts';
import { initTextMemory, textMemoryTable } from './text-memory.ts';
import { normaliseTokens } from './tokens.ts';
import { type Validation, validationMeter } from './validation.ts';

const STEPS_PER_CALL = 32;

/**
 * Fits the language-model environment (LE) on logged histories: a decoder over item tokens with a state model
 * (L_sm, the state against all items) and a reward model (L_rm, the next item against an un-interacted one), jointly
 * and at every position of every history.
 *
 * Only the rows of `train` that belong to the drawn users reach any parameter. Validation decides which epoch is kept, and
 * fits the calibration of the rewards (Platt scaling), which no parameter depends on.
 *
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`, `E_TOKENS_SHAPE`, `E_DATA_EMPTY`, `E_LOSS_NOT_FINITE`
 */
export async function* fitEnvironment(
  options: Pick<FitEnvironmentOptions, Needed> & Partial<FitEnvironmentOptions>,
): AsyncGenerator<Progress, Environment> {
  const { train, ...given } = options;
  const o = { train, ...withDefaults('fitEnvironment', DEFAULTS, given) };
  const config = configOf(o);
  const root = fold(key(o.seed), 'environment');
  const text = config.input === 'id' ? null : normaliseTokens(o.tokens!);
  const tokens = text?.vectors;
  const users = subsetOfSequences(train, o.users, root);
  const segments = segmentsOf(train, o.window, (sequence) => users.has(sequence));
  const counts = predictedCounts(train, users);
  const popularity = o.negativeSampling === 'popularity' ? counts : undefined;
  const negative = negativeSampler(train, segments, fold(root, 'negatives'), popularity);
  const slots = 2 * (o.window + 1);
  const shape = { rows: Math.max(1, Math.min(Math.round(o.batch / slots), segments.length)), slots };
  const drawn = o.contrast === 'sampled' ? o.contrastItems : 0;

  const decoder = o.lm ? pickDecoder(o.lm.params, config.decoder) : initDecoder(fold(root, 'decoder'), config.decoder);
  const own = initEnvironment(fold(root, 'heads'), config, tokens?.shape[1] ?? 0);
  const adapters =
    config.adaptation === 'all' ? {} : initLora(fold(root, 'adapters'), config.decoder, config.adaptation);
  const memory = config.memory > 0 ? initTextMemory(tokens!, config.memory) : undefined;
  const params: Values = { ...(config.adaptation === 'all' ? decoder : adapters), ...own, ...memory?.trained };
  /** What belongs to the environment but is not learned here. */
  const fixed: Values = { ...(config.adaptation === 'all' ? {} : decoder), ...memory?.fixed };
  const { 'memory.directions': directions, ...unlearned } = fixed;
  const frozen: Values = {
    ...unlearned,
    ...(tokens && { tokens }),
    ...(directions && { memory: await textMemoryTable(tokens!, directions, o) }),
  };

  const optimizer = adam({ lr: o.lr });
  const batchesOf = (epoch: number): Values[] => {
    const order = permutation(fold(root, `order ${epoch}`), segments.length);
    const shuffled = Array.from(order, (i) => segments[i]!);
    const packed = packSegments(train, shuffled, { ...shape, negatives: o.negatives }, (s, e, n) =>
      negative(epoch, s, e, n),
    );
    return packed.map((batch, step) => ({
      ...batch,
      key: keyTensorValue(fold(fold(root, `dropout ${epoch}`), step)),
      ...(drawn > 0 && { contrast: int32(integers(fold(fold(root, `contrast ${epoch}`), step), drawn, config.items)) }),
    }));
  };
  const trainer = await ready(
    trainingStep((p, inputs, given) => {
      const { tokens: rows, memory: texts, ...rest } = given;
      const dropout = o.dropout > 0 ? { rate: o.dropout, key: inputs.key! } : undefined;
      const { sm, rm } = environmentLosses({ ...p, ...rest }, config, { tokens: rows, memory: texts }, inputs, dropout);
      return { loss: tf.add(sm, tf.mul(rm, o.lambda)) as tf.Scalar, aux: { sm, rm } };
    }, optimizer),
    { state: specsOf(trainingState(params, optimizer)), inputs: specsOf(batchesOf(0)[0]!), frozen: specsOf(frozen) },
    o,
  );
  const meter = o.validation && (await validationMeter(o.validation, config, { ...params, ...frozen }, shape, root, o));
  try {
    let state = trainingState(params, optimizer);
    let best: Best = { params, score: Number.NEGATIVE_INFINITY, epoch: 0 };
    for (let epoch = 0; epoch < o.epochs; epoch++) {
      const batches = batchesOf(epoch);
      const means: Record<string, number> = { epoch };
      for (let s = 0; s < batches.length; s += STEPS_PER_CALL) {
        o.signal?.throwIfAborted();
        const result = await trainer.run({ state, inputs: stack(batches.slice(s, s + STEPS_PER_CALL)), frozen });
        state = result.state;
        finiteLoss(result.outputs.loss!.data, 'environment');
        for (const name of ['sm', 'rm']) {
          const sum = (result.outputs[name]!.data as Float32Array).reduce((a, b) => a + b, 0);
          means[name] = (means[name] ?? 0) + sum / batches.length;
        }
      }
      const now = parametersOf(state);
      const measured = await meter?.run({ ...now, ...frozen });
      yield { stage: 'environment', step: epoch + 1, total: o.epochs, metrics: { ...means, ...measured?.metrics } };
      const score = measured?.metrics['ndcg@10'] ?? epoch;
      if (score > best.score) best = { params: now, score, epoch, rewards: measured?.rewards };
      else if (epoch - best.epoch >= o.patience) break;
    }
    const data = contentHash(segments.map((s) => train.sequences.items.slice(s.from, s.to)).map((s) => [...s]));
    return createEnvironment({
      name: o.name,
      config,
      params: { ...best.params, ...fixed },
      tokens: text,
      counts,
      calibration: best.rewards ? plattScaling(best.rewards.liked, best.rewards.other) : null,
      data,
      runtime: { threads: o.threads, backend: o.backend },
    });
  } finally {
    await trainer.dispose();
    await meter?.dispose();
  }
}

/** The epoch that validation likes best, else the last. */
interface Best {
  readonly params: Values;
  readonly score: number;
  readonly epoch: number;
  readonly rewards?: Validation['rewards'] | undefined;
}

function pickDecoder(params: Values, config: DecoderConfig): Values {
  return Object.fromEntries(Object.keys(decoderSpecs(config)).map((name) => [name, params[name]!]));
}
