import type { Attribute, Graph, Node } from './model.ts';

/** Whether an attribute is a graph, such as the body of a loop. */
export function isGraph(attribute: Attribute): attribute is { readonly graph: Graph } {
  return typeof attribute === 'object' && 'graph' in attribute;
}

/** The names of all tensors that nodes read, including those in nested graphs. */
export function namesRead(nodes: readonly Node[]): Set<string> {
  return new Set(nodes.flatMap((each) => [...each.inputs, ...namesRead(nestedNodes(each))]));
}

/** The nodes of the graphs in a node's attributes. */
export function nestedNodes({ attributes }: Node): Node[] {
  return Object.values(attributes)
    .filter(isGraph)
    .flatMap(({ graph }) => [...graph.nodes]);
}

/** The nodes with other names for what they read, in nested graphs as well. */
export function readingAs(nodes: readonly Node[], names: ReadonlyMap<string, string>): Node[] {
  return nodes.map((each) => ({
    ...each,
    inputs: each.inputs.map((name) => names.get(name) ?? name),
    attributes: Object.fromEntries(
      Object.entries(each.attributes).map(([key, value]) => [
        key,
        isGraph(value) ? { graph: { ...value.graph, nodes: readingAs(value.graph.nodes, names) } } : value,
      ]),
    ),
  }));
}

/** Separates the nodes that depend on some names, directly or indirectly, from the nodes that do not. Keeps their order. */
export function splitNodes(nodes: readonly Node[], names: Iterable<string>): { dependent: Node[]; free: Node[] } {
  const reached = new Set(names);
  const dependent: Node[] = [];
  const free: Node[] = [];
  for (const each of nodes) {
    const depends = [...namesRead([each])].some((name) => reached.has(name));
    (depends ? dependent : free).push(each);
    if (depends) for (const name of each.outputs) reached.add(name);
  }
  return { dependent, free };
}
