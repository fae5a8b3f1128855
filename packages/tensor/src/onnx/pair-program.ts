import { argumentName, type Recorded } from '../recorder/record.ts';
import type { PairSpecs } from '../types.ts';
import { zeros } from '../values.ts';
import { type Graph, type Initializer, type Node, node, type Port } from './model.ts';
import { readingAs } from './names.ts';
import { modelNames, ports, type Rename, STEPS, stacked, stepGraph } from './program.ts';

/** Name of the input [rounds, 2] with the number of steps of either network in each round. */
export const TURNS = 'turns';

/** The names of the state of a network: what is fed, before and after its turn of a round, and what is returned. */
export function pairNames(network: number): Record<'fed' | 'before' | 'after' | 'returned', Rename> {
  const named =
    (part: string): Rename =>
    (name) =>
      `${part} ${network}:${name}`;
  return { fed: named('first'), before: named('before'), after: named('after'), returned: named('next') };
}

/**
 * The graph of two networks that take turns. An outer Loop node carries both states through the rounds. In every round an inner
 * one does the steps of network 0, which read the state of network 1, and another one does the steps of network 1. A Loop node
 * copies what it carries when it ends: here once per turn, inside the runtime.
 */
export function pairGraph(recorded: Recorded, specs: PairSpecs): Graph {
  const { state = {}, inputs, frozen = {} } = specs;
  const names = modelNames('loop');
  const [first, second] = [pairNames(0), pairNames(1)];
  const carried = Object.keys(state);
  const outputs = Object.keys(recorded.outputSpecs);
  const both = (part: keyof typeof first) => [...carried.map(first[part]), ...carried.map(second[part])];
  const loop = node(
    'Loop',
    [STEPS, '', 'zero', ...both('fed'), ...outputs.map(none)],
    ['steps done', ...both('returned'), ...outputs.map(names.outputs)],
    { body: { graph: roundGraph(recorded, specs) } },
  );
  return {
    name: 'program',
    nodes: [loop],
    initializers: [
      ...recorded.constants,
      scalar('zero', 0),
      scalar('one', 1),
      ...Object.entries(recorded.outputSpecs).map(([name, { dtype, shape }]) => ({
        name: none(name),
        ...zeros({ dtype, shape: [0, ...shape] }),
      })),
    ],
    inputs: [
      { name: STEPS, dtype: 'int64', shape: [] },
      { name: TURNS, dtype: 'int64', shape: ['rounds', 2] },
      ...[first, second].flatMap((each) => ports(state, each.fed)),
      ...ports(frozen, names.frozen),
      ...stacked(inputs, names.inputs),
    ],
    outputs: [
      ...[first, second].flatMap((each) => ports(state, each.returned)),
      ...stacked(recorded.outputSpecs, names.outputs),
    ],
  };
}

function roundGraph(recorded: Recorded, specs: PairSpecs): Graph {
  const { state = {} } = specs;
  const [first, second] = [pairNames(0), pairNames(1)];
  const start: Port = { name: 'start 0', dtype: 'int64', shape: [] };
  return {
    name: 'round',
    nodes: [
      node('Identity', ['go round'], ['go on round']),
      node('Gather', [TURNS, 'round'], ['lengths'], { axis: 0 }),
      node('Gather', ['lengths', 'zero'], ['length 0'], { axis: 0 }),
      node('Gather', ['lengths', 'one'], ['length 1'], { axis: 0 }),
      node('Add', ['start 0', 'length 0'], ['start 1']),
      node('Add', ['start 1', 'length 1'], ['start 2']),
      turn(recorded, specs, 0, second.before),
      turn(recorded, specs, 1, first.after),
      ...Object.keys(recorded.outputSpecs).map((name) =>
        node('Concat', [before(name), output(0)(name), output(1)(name)], [after(name)], { axis: 0 }),
      ),
    ],
    initializers: [],
    inputs: [
      { name: 'round', dtype: 'int64', shape: [] },
      { name: 'go round', dtype: 'bool', shape: [] },
      start,
      ...[first, second].flatMap((each) => ports(state, each.before)),
      ...stacked(recorded.outputSpecs, before),
    ],
    outputs: [
      { name: 'go on round', dtype: 'bool', shape: [] },
      { ...start, name: 'start 2' },
      ...[first, second].flatMap((each) => ports(state, each.after)),
      ...stacked(recorded.outputSpecs, after),
    ],
  };
}

/** The steps of one network in a round. @param other the names of the state of the other network */
function turn(recorded: Recorded, specs: PairSpecs, network: number, other: Rename): Node {
  const own = pairNames(network);
  const carried = Object.keys(specs.state ?? {});
  const body = stepGraph(recorded, specs, `start ${network}`);
  const read = new Map(Object.entries(specs.partner).map(([name, of]) => [argumentName.frozen(name), other(of)]));
  return node(
    'Loop',
    [`length ${network}`, '', ...carried.map(own.before)],
    [...carried.map(own.after), ...Object.keys(recorded.outputSpecs).map(output(network))],
    { body: { graph: { ...body, nodes: readingAs(body.nodes, read) } } },
  );
}

const none: Rename = (name) => `none:${name}`;
const before: Rename = (name) => `outputs before:${name}`;
const after: Rename = (name) => `outputs after:${name}`;
const output =
  (network: number): Rename =>
  (name) =>
    `turn ${network}:${name}`;

function scalar(name: string, value: number): Initializer {
  return { name, dtype: 'int64', shape: [], data: BigInt64Array.of(BigInt(value)) };
}
