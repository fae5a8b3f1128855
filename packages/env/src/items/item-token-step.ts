import { adam, float32, type Program, type Specs, type Values } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { wordsOf } from '../language-model/decoders/modules.ts';
import { type LanguageModel, type TokenRows, textBatch, textLoss } from '../language-model/language-model.ts';
import { packing } from '../shared/packing.ts';
import { trainingState, trainingStep } from '../shared/steps.ts';

/** The training step of `learnItemTokens`. */
export interface ItemTokenStep {
  /** The step. Outputs: `loss`, the minimized sum over items; `losses` [B]; `vectors` [B, width] with these losses. */
  readonly program: Program;
  /** Specs of the inputs. Only the step number is an input; the texts are frozen, because all steps of a call share them. */
  readonly inputs: Specs;
  /** Values embedded in the program: the matrices of the language model. */
  readonly constants: Values;
  /**
   * Creates the initial state and the frozen values of a batch.
   *
   * @param which the text row of each item of the batch
   * @param vectors initial vectors, [which.length, width]
   */
  begin(
    which: ArrayLike<number>,
    vectors: Float32Array,
  ): {
    /** Initial state: vectors and optimizer slots. */
    state: Values;
    /** Frozen values: the texts and the rest of the language model. */
    frozen: Values;
  };
}

/**
 * Creates the training step of item tokens.
 *
 * @param lr learning rate in units of the root mean square of the word vectors
 * @param anchorWeight weight of the squared distance to the initial vector, in units of their mean square, for each token of the text
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
      // The first term is a sum over the tokens of a text, so the second grows with their number as well.
      const anchor = moved && tf.mul(tf.mul(moved, tf.sum(frozen.weights!, 1)), anchorWeight / unit ** 2);
      const losses = anchor ? tf.add(ofTexts, anchor) : ofTexts;
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

/** Mean input word vector of each text, [count, width]. */
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
