import { checkPaths, checkRanges, withDefaults } from '@lea/core';
import { replaceFile } from '@lea/core/node';
import {
  type Graph,
  type Initializer,
  type Node,
  namesRead,
  node,
  recordGraph,
  splitNodes,
  writeModel,
} from '@lea/tensor/onnx';
import { checkPolicies } from './arguments.ts';
import { createMemory } from './memory/memory.ts';
import { compacted } from './memory/state.ts';
import type { Policy } from './policy.ts';
import { scoringSpecs } from './scoring.ts';
import { servedSource } from './served.ts';
import { agentsVersion } from './version.ts';

/** Options of `exportOnnx`. */
export interface ExportOptions {
  /** Length of the outputs `top_items` and `top_scores`, at most the number of items. Default: 10. */
  k?: number | undefined;
}

/**
 * Writes a policy as a single ONNX file with weights, text vectors and counting memory. Running it needs only ONNX Runtime.
 *
 * Inputs are `items` int64 [batch, length], item indices with the oldest first, and `mask` bool [batch, length], true for
 * events; batch and length are free. Padding may be anywhere. Indices outside 0..N-1 are ignored as if masked. If there are more
 * events than the policy's window, the newest are used. A row without events is an empty history. Outputs are `scores` float32
 * [batch, N], `top_items` int64 [batch, k], best first (ties: smaller index first), and `top_scores` float32 [batch, k], where
 * NaN counts as -Infinity. Metadata: `lea.agent` (the agent's JSON), `lea.items`, `lea.window`, `lea.ids` (item ids by index as
 * JSON, if the policy has them), and with a memory `lea.memory` (its hash) and `lea.fusion`.
 *
 * @throws LeaError `E_OP_UNSUPPORTED` (`agent.score` uses an op that cannot be recorded), `E_MODEL_SIZE` (over 2 GiB),
 *   `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`, and the errors of `replaceFile`
 */
export async function exportOnnx(policy: Policy, path: string, options: ExportOptions = {}): Promise<void> {
  checkPolicies('exportOnnx', { policy });
  checkPaths('exportOnnx', { path });
  const { k } = withDefaults('exportOnnx', { k: 10 }, options);
  checkRanges('exportOnnx', { k }, { k: [1, Infinity, 'whole'] });
  const { agent, items, window, memory, fusion } = policy;
  const source = servedSource({ ...policy, memory: memory && createMemory(memory.config, compacted(memory.state)) });
  const frozen = source.frozen();
  const score = await recordGraph(source.program(), scoringSpecs(window, 1, frozen));
  const weights = score.inputs
    .filter(({ name }) => name.startsWith('frozen:'))
    .map(({ name }): Initializer => ({ ...frozen[name.slice('frozen:'.length)]!, name }));
  const graph = servingGraph(
    { ...score, initializers: [...score.initializers, ...weights] },
    items,
    window,
    Math.min(k, items),
  );
  const model = writeModel(graph, {
    producer: { name: '@lea/agents', version: agentsVersion },
    metadata: {
      'lea.agent': JSON.stringify(agent.config),
      'lea.items': `${items}`,
      'lea.window': `${window}`,
      ...(policy.itemIds && { 'lea.ids': JSON.stringify(policy.itemIds) }),
      ...(memory && { 'lea.memory': memory.hash, 'lea.fusion': JSON.stringify(fusion) }),
    },
  });
  await replaceFile(path, model);
}

/**
 * A graph that runs the scores of one history in a Loop over the rows of a batch of any size. Nodes that depend only on the
 * weights are outside the loop, where ONNX Runtime computes them once, when it loads the model.
 */
function servingGraph(score: Graph, items: number, window: number, k: number): Graph {
  const { free, dependent } = splitNodes(score.nodes, ['input:items', 'input:length']);
  const constants = [
    int64('zero', [], 0),
    int64('one', [], 1),
    int64('first axis', [1], 0),
    int64('N', [], items),
    int64('row shape', [2], 1, window),
    int64('scores shape', [1], items),
    int64('padding', [window], ...Array<number>(window).fill(items)),
    int64('window', [1], window),
    int64('before window', [1], -window),
    int64('end', [1], Number.MAX_SAFE_INTEGER),
    int64('k', [1], k),
    { name: 'start', dtype: 'bool', shape: [], data: Uint8Array.of(1) } as const,
    { name: 'lowest', dtype: 'float32', shape: [], data: Float32Array.of(-Infinity) } as const,
  ];
  const nodes = [
    node('GreaterOrEqual', ['items', 'zero'], ['not below']),
    node('Less', ['items', 'N'], ['not above']),
    node('And', ['not below', 'not above'], ['known']),
    node('And', ['mask', 'known'], ['kept']),
    node('Shape', ['items'], ['size of items']),
    node('Gather', ['size of items', 'zero'], ['rows'], { axis: 0 }),
    ...free,
    node('Loop', ['rows', 'start'], ['scores', 'top_items', 'top_scores'], {
      body: { graph: rowGraph(dependent, items, k) },
    }),
  ];
  const used = namesRead(nodes);
  return {
    name: 'policy',
    nodes,
    initializers: [...constants, ...score.initializers].filter(({ name }) => used.has(name)),
    inputs: [
      { name: 'items', dtype: 'int64', shape: ['batch', 'length'] },
      { name: 'mask', dtype: 'bool', shape: ['batch', 'length'] },
    ],
    outputs: [
      { name: 'scores', dtype: 'float32', shape: ['batch', items] },
      { name: 'top_items', dtype: 'int64', shape: ['batch', k] },
      { name: 'top_scores', dtype: 'float32', shape: ['batch', k] },
    ],
  };
}

/**
 * The body of the loop: compacts the events of a row, truncates them to the window, pads and scores them. The best items are
 * selected here as well, because the TopK of ONNX Runtime fails for a batch without rows.
 */
function rowGraph(score: readonly Node[], items: number, k: number): Graph {
  return {
    name: 'row',
    nodes: [
      node('Identity', ['go'], ['go on']),
      node('Gather', ['items', 'row'], ['items of row'], { axis: 0 }),
      node('Gather', ['kept', 'row'], ['kept of row'], { axis: 0 }),
      node('Compress', ['items of row', 'kept of row'], ['events'], { axis: 0 }),
      node('Slice', ['events', 'before window', 'end', 'first axis'], ['newest']),
      node('Concat', ['newest', 'padding'], ['padded'], { axis: 0 }),
      node('Slice', ['padded', 'first axis', 'window', 'first axis'], ['cut']),
      node('Reshape', ['cut', 'row shape'], ['one row']),
      node('Cast', ['one row'], ['input:items'], { to: INT32 }),
      node('Shape', ['newest'], ['count']),
      node('Max', ['count', 'one'], ['count or one']),
      node('Cast', ['count or one'], ['input:length'], { to: INT32 }),
      ...score,
      node('Reshape', ['output:scores', 'scores shape'], ['scores of row']),
      node('IsNaN', ['scores of row'], ['undefined']),
      node('Where', ['undefined', 'lowest', 'scores of row'], ['ordered']),
      node('TopK', ['ordered', 'k'], ['top scores of row', 'top items of row'], { axis: -1, largest: 1, sorted: 1 }),
    ],
    initializers: [],
    inputs: [
      { name: 'row', dtype: 'int64', shape: [] },
      { name: 'go', dtype: 'bool', shape: [] },
    ],
    outputs: [
      { name: 'go on', dtype: 'bool', shape: [] },
      { name: 'scores of row', dtype: 'float32', shape: [items] },
      { name: 'top items of row', dtype: 'int64', shape: [k] },
      { name: 'top scores of row', dtype: 'float32', shape: [k] },
    ],
  };
}

/** TensorProto.DataType of int32. */
const INT32 = 6;

function int64(name: string, shape: number[], ...values: number[]): Initializer {
  return { name, dtype: 'int64', shape, data: BigInt64Array.from(values, BigInt) };
}
