import { drawExamples, type LanguageModel, type LikelihoodRewards, likelihoodRewards } from '@lea/env';
import { likelihoodDefaults } from '@lea/env/measuring';
import type { Context } from '../experiment/context.ts';

/** A language model as a reward model without a fit, measured on a sample of the decisions because each takes about a second. */
export interface LikelihoodSubject {
  readonly template: string;
  /** Number of solved examples, drawn from the train users. */
  readonly shots: number;
  /** Number of decisions to measure. */
  readonly sample: number;
}

/** Decisions on which these subjects are measured, unless `--zero-shot` says otherwise. */
export const SAMPLE = 100;

const INSTRUCTION = 'Products that a customer bought:\n{history}\nThe same customer then bought:\n{action}';

/** Number of solved examples of the few-shot subject. */
const SHOTS = 4;

/** The subjects by name. */
export function zeroShotSubjects(sample: number): Readonly<Record<string, LikelihoodSubject>> {
  const { template } = likelihoodDefaults;
  return {
    'zero-shot': { template, shots: 0, sample },
    'zero-shot (instruction)': { template: INSTRUCTION, shots: 0, sample },
    'few-shot': { template, shots: SHOTS, sample },
  };
}

/** All that decides the rewards of a subject, apart from data, seed and model. */
export function resolvedLikelihood({ template, shots, sample }: LikelihoodSubject): object {
  const { separator, window, maxTokens, normalization, subtract } = likelihoodDefaults;
  return { template, separator, window, maxTokens, normalization, subtract, shots, sample };
}

/** The reward model of a subject. */
export function likelihoodOf(
  { template, shots }: LikelihoodSubject,
  languageModel: LanguageModel,
  { dataset, split, threads, signal }: Context,
  seed: number,
): LikelihoodRewards {
  const examples = shots > 0 ? drawExamples(split.train, { count: shots, seed }) : undefined;
  return likelihoodRewards(languageModel, dataset.itemTexts!.texts, { template, examples, threads, signal });
}
