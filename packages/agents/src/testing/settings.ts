import { checkChoices, checkRanges, LeaError, withDefaults } from '@lea/core';
import type { Encoder } from '../types.ts';

/** What both kits may be told. */
export interface LearningSettings {
  /** Updates per phase and network of the learning test. Default 60. Raise it for what learns slowly; tests take longer. */
  readonly updates: number;
  /** Learning rate of those updates, whatever the phases say. Default 0.02. */
  readonly lr: number;
  /**
   * Share of held-out decisions of a chain that follows its rule nine times out of ten where the item ranked first must be
   * the one chosen. Default 0.8; chance is 1 in `items`. Lower it for agents that rank by values, not by what is next.
   */
  readonly floor: number;
  /** Items of the catalogue that the tests are run on, at least 10. Default 12. */
  readonly items: number;
  /** Events of history, at least 2. Default 4. Raise it for encoders that need more. */
  readonly window: number;
  /**
   * Parameters that get no gradient by design, by name. Default none. All others must get one, and these must not: a key's
   * bias in attention, for instance, moves all scores of a row alike.
   */
  readonly still: readonly string[];
}

export interface AgentSettings<O extends object = object> extends LearningSettings {
  /** Options of the agent. Default none. */
  readonly options: Partial<O>;
  /** The encoder it is tested on. Default `gru4rec({ size: 16 })`. */
  readonly encoder: Encoder;
  /** Whether each row's terms depend on that row alone. Default true; false for losses that compare the rows of a batch. */
  readonly separable: boolean;
  /**
   * Whether its ranking loss adds `batch.offsets` to the logits, as `supervisedLoss` does, so that it can learn with a memory
   * (form `joint`). Default true; false for a loss of one's own that does not.
   */
  readonly memory: boolean;
}

export interface EncoderSettings<O extends object = object> extends LearningSettings {
  /** Options of the encoder. Default none. */
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
  throw new LeaError('E_OPTION_VALUE', `${where}: still must be a list of names of parameters.`, { value: still });
}
