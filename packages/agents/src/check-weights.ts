import { checkRanges, LeaError } from '@lea/core';
import type { Value, Values } from '@lea/tensor';
import { withinNumbers } from './init.ts';
import { FEW, sampleParams } from './item-params.ts';
import type { Agent, Shape } from './types.ts';

/** Allowance of numbers beyond those of the weights, so that the error can name the parameter: 16 MB. */
const SOME = 2 ** 22;

/** Maximum window: scoring allocates memory for each of its positions. */
const LONGEST = 2 ** 16;

/**
 * Refuses weights that do not fit the agent and the shape. Otherwise a wrong number of items would silently lead to wrong
 * recommendations.
 *
 * @throws LeaError `E_OPTION_VALUE` (an invalid size), `E_POLICY_WEIGHTS` (missing or unknown parameters), `E_POLICY_SHAPE`
 *   (a parameter with a wrong shape or dtype)
 */
export function checkWeights(agent: Agent, params: Values, shape: Shape): void {
  checkSizes(shape);
  const numbers = Object.values(params).reduce((sum, { data }) => sum + data.length, SOME);
  withinNumbers(numbers, () => compareWeights(agent, params, shape));
}

function checkSizes(shape: Shape): void {
  const sizes = { textSize: 1, stateSize: 1, ...shape };
  const [counted, large] = [[1, Infinity, 'whole'] as const, 2 ** 31 - 2];
  checkRanges('policy shape', sizes, {
    items: [1, large, 'whole'],
    window: [1, LONGEST, 'whole'],
    textSize: counted,
    stateSize: counted,
  });
}

function compareWeights(agent: Agent, params: Values, shape: Shape): void {
  const problem = difference(params, expected(agent, shape), shape);
  if (!problem) return;
  // Only `init` knows which unlisted parameters grow with the catalog. Calling it is expensive, but takes no more memory
  // than the weights that are already loaded.
  const largest = Math.max(0, ...Object.values(params).flatMap((value) => value.shape));
  if (shape.items <= largest && !difference(params, sampleParams(agent, shape, shape.items), shape)) return;
  throw problem;
}

/** Shapes of the agent's parameters. They are made for a few items, and the item tables are then scaled to all items. */
function expected(agent: Agent, shape: Shape): Record<string, Form> {
  const few = Math.min(shape.items, FEW);
  const made = Object.entries(sampleParams(agent, shape, few)).map(
    ([
      name,
      {
        dtype,
        shape: [rows, ...rest],
      },
    ]) => {
      const isTable = Object.hasOwn(agent.itemTables, name);
      return [name, { dtype, shape: isTable ? [rows! + shape.items - few, ...rest] : [rows!, ...rest] }] as const;
    },
  );
  return Object.fromEntries(made);
}

type Form = Pick<Value, 'dtype' | 'shape'>;

function difference(params: Values, wanted: Record<string, Form>, { items, window }: Shape): LeaError | undefined {
  const foreign = 'The weights belong to a different agent or encoder, or to different options.';
  for (const name of Object.keys(wanted)) {
    if (!Object.hasOwn(params, name)) {
      return new LeaError('E_POLICY_WEIGHTS', 'A parameter is missing in the weights.', {
        value: name,
        hint: foreign,
      });
    }
  }
  for (const [name, value] of Object.entries(params)) {
    if (!Object.hasOwn(wanted, name)) {
      return new LeaError('E_POLICY_WEIGHTS', 'The weights contain a parameter that the agent does not have.', {
        value: name,
        hint: foreign,
      });
    }
    const [has, needs] = [form(value), form(wanted[name]!)];
    if (has === needs) continue;
    return new LeaError('E_POLICY_SHAPE', `The parameter "${name}" does not fit the agent and the shape.`, {
      value: has,
      hint: `Expected ${needs} for ${items} items and a window of ${window}.`,
    });
  }
  return undefined;
}

function form({ dtype, shape }: Form): string {
  return `${dtype}[${shape.join(', ')}]`;
}
