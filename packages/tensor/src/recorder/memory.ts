import type { Node } from '../onnx/model.ts';
import { namesRead } from '../onnx/names.ts';

/** Ops whose result is a view of their first input. */
const VIEWS = new Set(['Identity', 'Reshape', 'Squeeze', 'Unsqueeze']);

/** Ops that write over an input of the same size that nobody reads later. */
const IN_PLACE = new Set(
  'Abs Add Clip Div Exp LeakyRelu Log Max Min Mul Neg Pow Reciprocal Relu ScatterElements Sigmoid Softmax Sqrt Sub Tanh Where'.split(
    ' ',
  ),
);

/**
 * The most bytes that the results of nodes take at a time, in the order of the nodes, if each is released after its last use.
 *
 * @param nodes whose inputs come from nodes before them, or from outside
 * @param bytesOf size of each tensor, as far as it is known; other results count as large as the largest input of their node
 * @param kept names of results that live until the end
 */
export function peakBytes(
  nodes: readonly Node[],
  bytesOf: ReadonlyMap<string, number>,
  kept: readonly string[],
): number {
  const buffer = buffersOf(nodes);
  const lastUse = new Map<string, number>();
  nodes.forEach((node, i) => {
    for (const name of namesRead([node])) lastUse.set(buffer(name), i);
  });
  for (const name of kept) lastUse.set(buffer(name), Infinity);
  /** The buffers that nodes have made and not released. */
  const live = new Map<string, number>();
  const sizes = new Map(bytesOf);
  let [sum, peak] = [0, 0];
  nodes.forEach((node, i) => {
    const { op, outputs } = node;
    const inputs = [...namesRead([node])];
    const largest = Math.max(0, ...inputs.map((name) => sizes.get(name) ?? 0));
    const ended = new Set(inputs.map(buffer).filter((name) => live.has(name) && lastUse.get(name) === i));
    const release = (name: string) => {
      sum -= live.get(name)!;
      live.delete(name);
      ended.delete(name);
    };
    for (const name of outputs) {
      const size = sizes.get(name) ?? largest;
      sizes.set(name, size);
      if (buffer(name) !== name) continue;
      const reused = IN_PLACE.has(op) && [...ended].find((other) => live.get(other) === size);
      if (reused) release(reused);
      live.set(name, size);
      sum += size;
    }
    peak = Math.max(peak, sum);
    for (const name of ended) release(name);
  });
  return peak;
}

/** The name of the buffer that a tensor is in: its own, or that of the tensor which it is a view of. */
function buffersOf(nodes: readonly Node[]): (name: string) => string {
  const owners = new Map<string, string>();
  const buffer = (name: string) => owners.get(name) ?? name;
  for (const { op, inputs, outputs } of nodes) if (VIEWS.has(op)) owners.set(outputs[0]!, buffer(inputs[0]!));
  return buffer;
}
