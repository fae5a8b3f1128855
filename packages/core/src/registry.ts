import { argumentCheck, checkFunctions, checkObjects, checkTexts } from './arguments.ts';
import { LeaError } from './error.ts';
import type { Given } from './given.ts';
import { nearest } from './options.ts';
import { isOption, type OptionsSchema, parseOptions } from './schema.ts';

/** A type that JSON and configs may name: `{ type, ...options }`. */
export interface TypeDefinition<O extends object> {
  /** Name of the type in JSON and configs. */
  readonly type: string;
  /** The check and the default of every option; options of other names are refused. */
  readonly schema: OptionsSchema<O>;
  /** Refuses options that do not fit together. */
  check?(options: O): void;
}

/**
 * The options of a type, given or by default.
 *
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`, and what the type's `check` throws
 */
export function optionsOf<O extends object>(
  { type, schema, check }: TypeDefinition<O>,
  given: Given<O> | undefined,
): O {
  const options = parseOptions(type, schema, given);
  check?.(options);
  return options;
}

const checkOptions = argumentCheck(
  'an option',
  isOption,
  'Write a check and a default: schema: { width: option(whole(1), 64) }.',
);

/**
 * Refuses definitions that lack a part.
 *
 * @param methods names of the functions that the sort of type needs, such as `build`
 * @throws LeaError `E_ARGUMENT_TYPE`
 */
export function checkDefinition<D extends { readonly type: string; readonly schema: object }>(
  where: string,
  definition: D,
  methods: readonly (keyof D & string)[],
): void {
  checkObjects(where, { definition });
  checkTexts(where, { type: definition.type });
  checkObjects(where, { schema: definition.schema });
  checkOptions(
    where,
    Object.fromEntries(Object.entries(definition.schema).map(([key, one]) => [`schema.${key}`, one])),
  );
  checkFunctions(where, Object.fromEntries(methods.map((name) => [name, definition[name]])));
}

/** Types of one sort, by name. */
export interface Registry<D extends { readonly type: string }> {
  /** Adds a type and gives it back. @throws LeaError `E_TYPE_TAKEN` when the name is taken and `override` is not set */
  define<E extends D>(definition: E, override?: boolean): E;
  /** The definition of a type. @throws LeaError `E_TYPE_UNKNOWN` */
  find(type: string): D;
  /** The names, in the order of their definition. */
  types(): string[];
}

let defined = 0;

/** How many types have been defined so far, of all sorts; overriding ones count as well. */
export function definitionCount(): number {
  return defined;
}

/** An empty registry. @param sort named in errors, e.g. `agent` */
export function createRegistry<D extends { readonly type: string }>(
  sort: string,
  known: readonly D[] = [],
): Registry<D> {
  const all = new Map(known.map((definition) => [definition.type, definition]));
  return {
    define(definition, override = false) {
      const { type } = definition;
      if (all.has(type) && !override) {
        throw new LeaError('E_TYPE_TAKEN', `A type of ${sort} with this name already exists.`, {
          value: type,
          hint: 'Choose another name, or pass { override: true }.',
        });
      }
      all.set(type, definition);
      defined++;
      return definition;
    },
    find(type) {
      const found = all.get(type);
      if (found) return found;
      const names = [...all.keys()];
      const near = typeof type === 'string' ? nearest(type, names) : undefined;
      throw new LeaError('E_TYPE_UNKNOWN', `Unknown type of ${sort}.`, {
        value: type,
        hint: near ? `Did you mean "${near}"?` : `The types are: ${names.join(', ') || 'none'}.`,
      });
    },
    types: () => [...all.keys()],
  };
}
