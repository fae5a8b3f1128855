import { checkDefinition, createRegistry, type Given, optionsOf, type TypeDefinition, withDefaults } from '@lea/core';
import type { Scorer, Transitions } from '@lea/data';

/** Data that a baseline may read besides the train rows and its options. */
export interface BaselineContext {
  /** Items of history that the scorer may read; default 10. */
  readonly window: number;
  /** The text of each item; absent where the data have none. */
  readonly texts?: readonly string[] | undefined;
}

/** Creates baselines of one type; see {@link defineBaseline}. */
export interface BaselineDefinition<O extends object> extends TypeDefinition<O> {
  /**
   * Values of options in the order in which the bench tries them: validation decides those that a config leaves out. Default:
   * none are tried.
   */
  readonly grid?: Readonly<Record<string, readonly (number | string | boolean)[]>>;
  /** Counts the train rows. Other rows are held out: the scorer must not know them. */
  build(train: Transitions, options: O, context: BaselineContext): Scorer;
}

/** Counts train rows with some of the options. @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE` */
export interface BaselineFactory<O extends object = object> {
  (train: Transitions, options?: Given<O>, context?: Given<BaselineContext>): Scorer;
  /** Name of the type in configs. */
  readonly type: string;
  /** Values of options that validation chooses from. */
  readonly grid: NonNullable<BaselineDefinition<O>['grid']>;
  /** The options given or by default, checked. */
  complete(options?: Given<O>): O;
}

const baselines = createRegistry<BaselineFactory>('baseline');

/**
 * Makes a type of baseline known to the bench, whose configs then name it: `{ "type": "mine", ...options }`.
 *
 * @returns its factory: `const mine = defineBaseline({ ... }); mine(train, { last: 3 })`
 * @throws LeaError `E_TYPE_TAKEN` when there is one of that name and `override` is not set
 */
export function defineBaseline<O extends object>(
  definition: BaselineDefinition<O>,
  options?: { override?: boolean },
): BaselineFactory<O> {
  checkDefinition('defineBaseline', definition, ['build']);
  const { override } = withDefaults('defineBaseline', { override: false }, options);
  const { type, grid = {} } = definition;
  const complete = (given?: Given<O>): O => optionsOf(definition, given);
  const make: BaselineFactory<O> = Object.assign(
    (train: Transitions, given?: Given<O>, context: Given<BaselineContext> = {}) =>
      definition.build(train, complete(given), { window: 10, ...context }),
    { type, grid, complete },
  );
  baselines.define(make as BaselineFactory, override);
  return make;
}

/** The types that {@link defineBaseline} made. */
export function baselineTypes(): string[] {
  return baselines.types();
}

/** The factory of a type. @throws LeaError `E_TYPE_UNKNOWN` */
export function findBaseline(type: string): BaselineFactory {
  return baselines.find(type);
}
