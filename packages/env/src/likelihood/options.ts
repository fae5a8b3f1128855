import {
  abortSignal,
  custom,
  type Given,
  isObject,
  LeaError,
  type OptionsSchema,
  oneOf,
  option,
  parseOptions,
  text,
  whole,
} from '@lea/core';
import { checkActions, checkWindows, type Windows } from '@lea/data';
import { type Runtime, runtimeSchema } from '../shared/runtime.ts';
import { templateParts } from '../shared/template.ts';

/** Solved examples: histories with the action that followed each. */
export interface LikelihoodExamples {
  /** Histories; of each the newest `window` events are read. */
  readonly windows: Windows;
  /** The action after each history, [size]. */
  readonly actions: Int32Array;
}

/** Options of {@link likelihoodRewards}. */
export interface LikelihoodOptions extends Runtime {
  /**
   * The text that is read, with `{history}` once, and `{action}` at its end. Default: only the items. Instructions can stand
   * before and between them.
   */
  readonly template: string;
  /** Text between the items of a history. Default: a line break. */
  readonly separator: string;
  /** Number of newest events in the text. Default: 3. Higher: the model knows more of the user, slower. */
  readonly window: number;
  /** Maximum number of tokens read of each item's text. Default: 16. Higher: more of a long text counts, slower. */
  readonly maxTokens: number;
  /**
   * How the log likelihoods of an action's tokens become one number: `mean` (default), or `sum`, which grows with the
   * number of tokens.
   */
  readonly normalization: 'mean' | 'sum';
  /**
   * What is subtracted from the log likelihood: `prior` (default), the log likelihood of the same text after an empty
   * history, which gives pointwise mutual information; or `nothing`, which favors texts of common words.
   */
  readonly subtract: 'prior' | 'nothing';
  /** Solved examples in the same template before every history; they are read once. Default: none (zero-shot). */
  readonly examples: LikelihoodExamples | undefined;
  /** Aborts all work of this object. Default: none. */
  readonly signal: AbortSignal | undefined;
}

/** Defaults and checks of {@link LikelihoodOptions}. */
export const likelihoodSchema: OptionsSchema<LikelihoodOptions> = {
  template: option(text, '{history}\n{action}'),
  separator: option(text, '\n'),
  window: option(whole(0), 3),
  maxTokens: option(whole(1), 16),
  normalization: option(oneOf('mean', 'sum'), 'mean'),
  subtract: option(oneOf('prior', 'nothing'), 'prior'),
  examples: option(custom<LikelihoodExamples>(isObject, 'must be an object with windows and actions.'), undefined),
  ...runtimeSchema,
  signal: option(abortSignal, undefined),
};

/** The options with their defaults, checked together with the number of items. */
export function likelihoodOptions(options: Given<LikelihoodOptions> | undefined, items: number): LikelihoodOptions {
  const o = parseOptions('likelihoodRewards', likelihoodSchema, options);
  if (!o.examples) return o;
  const { windows, actions } = o.examples;
  checkWindows(windows, items);
  checkActions(actions, windows.size, items);
  if (actions.length === windows.size) return o;
  throw new LeaError('E_OPTION_VALUE', 'likelihoodRewards: examples must have one action per history.', {
    value: { histories: windows.size, actions: actions.length },
    hint: 'Draw them with drawExamples(train, { count }).',
  });
}

/**
 * The texts of a template before the history, and between history and action.
 *
 * @throws LeaError `E_TEMPLATE`
 */
export function likelihoodTemplate(template: string): { before: string; between: string } {
  const [before, first, between, , after, ...more] = templateParts(template);
  if (first === 'history' && after === '' && more.length === 0) return { before: before!, between: between! };
  throw new LeaError('E_TEMPLATE', 'The template must contain {history} once and end with {action}.', {
    value: template,
    hint: 'Nothing after the action changes its likelihood: remove what follows {action}.',
  });
}
