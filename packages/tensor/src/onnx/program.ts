import * as tf from '@tensorflow/tfjs-core';
import { argumentName, type Recorded, record } from '../recorder/record.ts';
import type { Mode, Program, ProgramSpecs, Specs } from '../types.ts';
import { type Graph, type Node, node, type Port } from './model.ts';
import { namesRead, nestedNodes } from './names.ts';

export type Rename = (name: string) => string;

/** The names of a model's inputs and outputs. In loop mode the names of a single step belong to the loop's body. */
export function modelNames(mode: Mode): Record<'state' | 'inputs' | 'frozen' | 'nextState' | 'outputs', Rename> {
  const loop = mode === 'loop';
  return {
    state: loop ? (name) => `first:${name}` : argumentName.state,
    inputs: loop ? (name) => `all:${name}` : argumentName.inputs,
    frozen: argumentName.frozen,
    nextState: (name) => `next:${name}`,
    outputs: (name) => `output:${name}`,
  };
}

/** Name of the input with the number of steps, in loop mode. */
export const STEPS = 'steps';

/**
 * Records one step of a program as an ONNX graph. The inputs are named `state:NAME`, `frozen:NAME` and `input:NAME`, the
 * outputs `next:NAME` (next state) and `output:NAME`.
 *
 * @throws LeaError `E_OP_UNSUPPORTED`, `E_TRACED_READ`, `E_TRACED_RANDOM`, `E_PROGRAM`
 */
export async function recordGraph(program: Program, specs: ProgramSpecs): Promise<Graph> {
  await tf.ready();
  return modelGraph(record(program, specs), specs, 'direct');
}

/** The graph of a recorded program: its nodes directly, or as the body of a loop over the steps. */
export function modelGraph(recorded: Recorded, specs: ProgramSpecs, mode: Mode): Graph {
  return mode === 'loop' ? loopGraph(recorded, specs) : directGraph(recorded, specs);
}

function directGraph(recorded: Recorded, { state = {}, inputs, frozen = {} }: ProgramSpecs): Graph {
  const names = modelNames('direct');
  return {
    name: 'program',
    nodes: namedResults(recorded, names.nextState, names.outputs),
    initializers: [...recorded.constants, ...recorded.initializers],
    inputs: [...ports(state, names.state), ...ports(frozen, names.frozen), ...ports(inputs, names.inputs)],
    outputs: [...ports(state, names.nextState), ...ports(recorded.outputSpecs, names.outputs)],
  };
}

/**
 * A Loop node carries the state through all steps, so parameters stay inside the runtime. Frozen tensors are inputs of the
 * main graph and constants are its initializers; the body refers to both by name.
 */
function loopGraph(recorded: Recorded, specs: ProgramSpecs): Graph {
  const { state = {}, inputs, frozen = {} } = specs;
  const names = modelNames('loop');
  const carried = Object.keys(state);
  const outputs = Object.keys(recorded.outputSpecs);
  const loop = node(
    'Loop',
    [STEPS, '', ...carried.map(names.state)],
    [...carried.map(names.nextState), ...outputs.map(names.outputs)],
    { body: { graph: stepGraph(recorded, specs) } },
  );
  return {
    name: 'program',
    nodes: [loop],
    initializers: recorded.constants,
    inputs: [
      { name: STEPS, dtype: 'int64', shape: [] },
      ...ports(state, names.state),
      ...ports(frozen, names.frozen),
      ...stacked(inputs, names.inputs),
    ],
    outputs: [...ports(state, names.nextState), ...stacked(recorded.outputSpecs, names.outputs)],
  };
}

/**
 * One step as the body of a Loop node. It gathers its row of the inputs, which are stacked in the graph around it.
 *
 * @param start name of the scalar with the row of the first step; default: row 0
 */
export function stepGraph(recorded: Recorded, { state = {}, inputs }: ProgramSpecs, start?: string): Graph {
  const all = modelNames('loop').inputs;
  const stepState: Rename = (name) => `step state:${name}`;
  const stepOutput: Rename = (name) => `step output:${name}`;
  const row = start === undefined ? 'step' : 'row';
  const rows = Object.keys(inputs).map((name) =>
    node('Gather', [all(name), row], [argumentName.inputs(name)], { axis: 0 }),
  );
  return {
    name: 'step',
    nodes: [
      node('Identity', ['go'], ['go on']),
      ...(start === undefined ? [] : [node('Add', [start, 'step'], [row])]),
      ...rows,
      ...namedResults(recorded, stepState, stepOutput),
    ],
    initializers: recorded.initializers,
    inputs: [...LOOP_INPUTS, ...ports(state, argumentName.state)],
    outputs: [GO_ON, ...ports(state, stepState), ...ports(recorded.outputSpecs, stepOutput)],
  };
}

/** The first inputs of the body of a Loop node: the number of iterations so far, and the condition. */
const LOOP_INPUTS: readonly Port[] = [
  { name: 'step', dtype: 'int64', shape: [] },
  { name: 'go', dtype: 'bool', shape: [] },
];

/** The first output of the body of a Loop node: whether there is another iteration. */
const GO_ON: Port = { name: 'go on', dtype: 'bool', shape: [] };

/**
 * The nodes of a program, with the results under their final names. The output of the node that computes a result is renamed,
 * which saves a copy. Results that are arguments or constants, that occur twice, or that a graph
 * within a node reads are copied by an Identity node.
 */
function namedResults({ nodes, state, outputs }: Recorded, nextState: Rename, output: Rename): Node[] {
  const made = new Set(nodes.flatMap((each) => each.outputs));
  for (const name of namesRead(nodes.flatMap(nestedNodes))) made.delete(name);
  const renamed = new Map<string, string>();
  const now = (name: string) => renamed.get(name) ?? name;
  const copies: [from: string, to: string][] = [];
  const results = [
    ...Object.entries(state).map(([name, from]) => [from, nextState(name)] as const),
    ...Object.entries(outputs).map(([name, from]) => [from, output(name)] as const),
  ];
  for (const [from, to] of results) {
    if (made.has(from) && !renamed.has(from)) renamed.set(from, to);
    else copies.push([from, to]);
  }
  return [
    ...nodes.map((each) => ({ ...each, inputs: each.inputs.map(now), outputs: each.outputs.map(now) })),
    ...copies.map(([from, to]) => node('Identity', [now(from)], [to])),
  ];
}

/** The ports of some tensors. */
export function ports(specs: Specs, rename: Rename): Port[] {
  return Object.entries(specs).map(([name, { dtype, shape }]) => ({ name: rename(name), dtype, shape }));
}

/** Their ports with a leading dimension of the number of steps. */
export function stacked(specs: Specs, rename: Rename): Port[] {
  return ports(specs, rename).map((port) => ({ ...port, shape: ['K', ...port.shape] }));
}
