import { checkChoices, checkRanges, LeaError, withDefaults } from '@lea/core';
import type { Encoder } from '../types.ts';

/** Settings of both kits. */
export interface LearningSettings {
  /** Number of updates per phase and network in the learning test. Raise it for slow learners. Default: 60. */
  readonly updates: number;
  /** Learning rate of these updates, instead of that of the phases. Default: 0.02. */
  readonly lr: number;
  /**
   * Minimum hit rate at rank 1 on held-out decisions of a Markov chain that follows its rule nine times out of ten; guessing
   * gives 1 / `items`. Lower it for agents that rank by value instead of by the next item. Default: 0.8.
   */
  readonly floor: number;
  /** Number of items in the tests, at least 10. Default: 12. */
  readonly items: number;
  /** Number of events of a history, at least 2. Raise it for encoders that need more. Default: 4. */
  readonly window: number;
  /**
   * Names of parameters that get no gradient by design, such as the key bias in attention, which shifts all scores of a row
   * equally. All others must get a gradient, and these must not. Default: none.
   */
  readonly still: readonly string[];
}

/** Settings of `testAgent`. */
export interface AgentSettings<O extends object = object> extends LearningSettings {
  /** Options of the agent. Default: none. */
  readonly options: Partial<O>;
  /** The encoder of the tested agent. Default: `gru4rec({ width: 16 })`. */
  readonly encoder: Encoder;
  /** Whether each row's terms depend only on that row; false for losses that compare rows of a batch. Default: true. */
  readonly separable: boolean;
  /**
   * Whether the ranking loss adds `batch.offsets` to the logits, as `supervisedLoss` does, so that it supports joint training
   * with a memory. Set it to false for custom losses that do not. Default: true.
   */
  readonly memory: boolean;
}

/** Settings of `testEncoder`. */
export interface EncoderSettings<O extends object = object> extends LearningSettings {
  /** Options of the encoder. Default: none. */
  readonly options: Partial<O>;
}

const learningDefaults: LearningSettings = { updates: 60, lr: 0.02, floor: 0.8, items: 12, window: 4, still: [] };

/** @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE` */
export function encoderSettings<O extends object>(given: Partial<EncoderSettings<O>>): EncoderSettings<O> {
  const settings = withDefaults<EncoderSettings<O>>('testEncoder', { ...learningDefaults, options: {} }, given);
  checkLearning('testEncoder', settings);
  return settings;
}

/** @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE` */
export function agentSettings<O extends object>(given: Partial<AgentSettings<O>>, encoder: Encoder): AgentSettings<O> {
  const settings = withDefaults<AgentSettings<O>>(
    'testAgent',
    { ...learningDefaults, options: {}, encoder, separable: true, memory: true },
    given,
  );
  checkLearning('testAgent', settings);
  checkChoices('testAgent', settings, { separable: [true, false], memory: [true, false] });
  return settings;
}

function checkLearning(where: string, settings: LearningSettings): void {
  checkRanges(where, settings, {
    updates: [1, Infinity, 'whole'],
    lr: [1e-6, Number.MAX_VALUE],
    floor: [0, 1],
    // The histories of the checks hold items up to 9, and need room for two of them.
    items: [10, Infinity, 'whole'],
    window: [2, Infinity, 'whole'],
  });
  const { still } = settings as { still: unknown };
  if (Array.isArray(still) && still.every((name) => typeof name === 'string')) return;
  throw new LeaError('E_OPTION_VALUE', `${where}: still must be a list of parameter names.`, { value: still });
}
