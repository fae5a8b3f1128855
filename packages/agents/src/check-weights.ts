import { checkRanges, key, LeaError } from '@lea/core';
import { float32, type Value, type Values } from '@lea/tensor';
import { allow, withinNumbers } from './init.ts';
import type { Agent, Shape } from './types.ts';

/** Numbers that are made whatever the weights are, to say which parameter does not fit: 16 MB. */
const SOME = 2 ** 22;

/** Longest window: scoring takes memory for every slot of it. */
const LONGEST = 2 ** 16;

/** Columns of the texts that a network is made from which does not read them later: its form does not depend on them. */
const COLUMNS = 8;

/** Items of the small networks that tell what parameters an agent has: as many as the conformance kit tests with. */
const FEW = 12;

/**
 * Refuses weights that are not those of the agent and the shape: else a wrong number of items would shift what is
 * recommended, and nobody would notice.
 *
 * @throws LeaError `E_OPTION_VALUE` (a size that makes no sense), `E_POLICY_WEIGHTS` (another set of parameters),
 *   `E_POLICY_SHAPE` (a parameter of another form)
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
  // What grows with the catalogue without being listed is only known to `init` itself, which is dear, but no larger than
  // what is in memory already.
  const largest = Math.max(0, ...Object.values(params).flatMap((value) => value.shape));
  if (shape.items <= largest && !difference(params, initial(agent, shape, shape.items), shape)) return;
  throw problem;
}

/** The parameters of that agent, with sizes in the place of values; the tables of few items are told to be of all. */
function expected(agent: Agent, shape: Shape): Record<string, Form> {
  const few = Math.min(shape.items, FEW);
  const made = Object.entries(initial(agent, shape, few)).map(
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

function initial(agent: Agent, shape: Shape, items: number): Values {
  const { needsText, initText } = agent.encoder;
  const { textSize = COLUMNS } = shape;
  const width = needsText ? textSize : Math.min(textSize, COLUMNS);
  const text = () => {
    allow(items * width);
    return float32(
      Float32Array.from({ length: items * width }, (_, i) => Math.sin(i)),
      [items, width],
    );
  };
  return agent.init(key(0), { ...shape, items }, needsText || initText ? text() : undefined);
}

function difference(params: Values, wanted: Record<string, Form>, { items, window }: Shape): LeaError | undefined {
  const foreign = 'They are those of another agent or encoder, or of other options.';
  for (const name of Object.keys(wanted)) {
    if (!Object.hasOwn(params, name)) {
      return new LeaError('E_POLICY_WEIGHTS', 'A parameter is missing among the weights.', {
        value: name,
        hint: foreign,
      });
    }
  }
  for (const [name, value] of Object.entries(params)) {
    if (!Object.hasOwn(wanted, name)) {
      return new LeaError('E_POLICY_WEIGHTS', 'The agent has no parameter of that name.', {
        value: name,
        hint: foreign,
      });
    }
    const [has, needs] = [form(value), form(wanted[name]!)];
    if (has === needs) continue;
    return new LeaError('E_POLICY_SHAPE', `The parameter "${name}" does not fit the agent and the shape.`, {
      value: has,
      hint: `It is ${needs} for ${items} items and a window of ${window}.`,
    });
  }
  return undefined;
}

function form({ dtype, shape }: Form): string {
  return `${dtype}[${shape.join(', ')}]`;
}
