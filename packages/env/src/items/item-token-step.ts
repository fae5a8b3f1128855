import { adam, float32, type Program, type Specs, type Values } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { wordsOf } from '../language-model/decoders/modules.ts';
import { type LanguageModel, type TokenRows, textBatch, textLoss } from '../language-model/language-model.ts';
import { packing } from '../shared/packing.ts';
import { trainingState, trainingStep } from '../shared/steps.ts';

/** What `learnItemTokens` repeats for a batch of items. */
export interface ItemTokenStep {
  /** Outputs of a step: `loss`, the sum over items, which is followed; each item's own in `losses` [B]; and the `vectors` that have them. */
  readonly program: Program;
  /** The number of the step is the only input: a call makes many steps on the same texts, so these are frozen. */
  readonly inputs: Specs;
  /** What is part of the program: the matrices of the language model. */
  readonly constants: Values;
  /**
   * The state and frozen values of a batch.
   *
   * @param which rows of texts, one for each item of the batch
   * @param vectors what their vectors begin with, [which.length, width]
   */
  begin(which: ArrayLike<number>, vectors: Float32Array): { state: Values; frozen: Values };
}

/**
 * @param lr in units of the root mean square of the word vectors
 * @param anchor weight of the squared distance to where a vector began, in units of their mean square
 */
export function itemTokenStep(
  languageModel: LanguageModel,
  rows: TokenRows,
  lr: number,
  anchorWeight = 0,
): ItemTokenStep {
  const { width, embeddingScale = 1 } = languageModel.config;
  const unit = embeddingScale * rootMeanSquare(languageModel.params[wordsOf(languageModel.config)]!.data);
  const optimizer = adam({ lr: lr * unit });
  const { constants, fed } = packing(languageModel.params);
  return {
    program: trainingStep(({ vectors }, _, frozen) => {
      const ofTexts = textLoss(frozen, languageModel.config, frozen, vectors);
      const moved = frozen.first && tf.sum(tf.square(tf.sub(vectors!, frozen.first)), 1);
      const losses = moved ? tf.add(ofTexts, tf.mul(moved, anchorWeight / unit ** 2)) : ofTexts;
      return { loss: tf.sum(losses) as tf.Scalar, aux: { losses, vectors: vectors! } };
    }, optimizer),
    inputs: { step: { dtype: 'int32', shape: [] } },
    constants,
    begin: (which, vectors) => ({
      state: trainingState({ vectors: float32(vectors, [which.length, width]) }, optimizer),
      frozen: {
        ...fed,
        ...textBatch(rows, which),
        ...(anchorWeight > 0 && { first: float32(vectors.slice(), [which.length, width]) }),
      },
    }),
  };
}

/** The mean of each text's word vectors as they enter the decoder, [count, width]. */
export function meanWords(languageModel: LanguageModel, { ids, weights, count, context }: TokenRows): Float32Array {
  const { width, embeddingScale = 1 } = languageModel.config;
  const words = languageModel.params[wordsOf(languageModel.config)]!.data;
  const means = new Float32Array(count * width);
  for (let row = 0; row < count; row++) {
    let tokens = 0;
    for (let t = 0; t < context; t++) {
      if (weights[row * context + t] === 0) break;
      const word = ids[row * (context + 1) + t + 1]!;
      for (let d = 0; d < width; d++) means[row * width + d]! += words[word * width + d]!;
      tokens++;
    }
    for (let d = 0; d < width; d++) means[row * width + d]! *= embeddingScale / tokens;
  }
  return means;
}

function rootMeanSquare(data: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < data.length; i++) sum += data[i]! ** 2;
  return Math.sqrt(sum / data.length);
}
