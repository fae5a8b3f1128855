import { key } from '@lea/core';
import { float32, type Values } from '@lea/tensor';
import { checkAgents, checkShapes } from './arguments.ts';
import { allow } from './init.ts';
import type { Agent, Shape } from './types.ts';

/** Number of items of the small networks that reveal an agent's parameters; the same as in the conformance kit. */
export const FEW = 12;

/** Columns of the placeholder texts for networks that read text only at `init`: their shapes do not depend on it. */
const COLUMNS = 8;

/** Which parameters of an agent belong to items. */
export interface ItemParams {
  /** The item dimensions of each parameter: of size N, or N+1 with padding last. Parameters without any are left out. */
  readonly axes: Readonly<Record<string, readonly number[]>>;
  /** The parameters among them that `init` computes from the text vectors. */
  readonly fromText: ReadonlySet<string>;
}

/**
 * Finds the parameters that belong to items. It makes small networks and compares their shapes: a dimension that grows with
 * the number of items is an item dimension. Agents and encoders declare nothing.
 *
 * @param shape sizes other than the number of items
 * @throws what `agent.init` throws
 */
export function itemParams(agent: Agent, shape: Shape): ItemParams {
  checkAgents('itemParams', { agent });
  checkShapes('itemParams', { shape });
  const some = sampleParams(agent, shape, FEW);
  const axes = grownAxes(some, sampleParams(agent, shape, FEW + 1));
  const { initText } = agent.encoder;
  const others = initText ? sampleParams(agent, shape, FEW, Math.cos) : some;
  const isFromText = (name: string) => some[name]!.data.some((x, i) => x !== others[name]!.data[i]);
  return { axes, fromText: new Set(Object.keys(axes).filter(isFromText)) };
}

/**
 * Fresh parameters of the agent for a number of items. Text vectors are placeholders.
 *
 * @param textAt gives the i-th number of the placeholder text vectors, row by row
 */
export function sampleParams(
  agent: Agent,
  shape: Shape,
  items: number,
  textAt: (i: number) => number = Math.sin,
): Values {
  const { needsText, initText } = agent.encoder;
  const { textSize = COLUMNS } = shape;
  const width = needsText ? textSize : Math.min(textSize, COLUMNS);
  const text = () => {
    allow(items * width);
    return float32(
      Float32Array.from({ length: items * width }, (_, i) => textAt(i)),
      [items, width],
    );
  };
  return agent.init(key(0), { ...shape, items }, needsText || initText ? text() : undefined);
}

/** The dimensions whose sizes differ, by parameter; parameters without any are left out. */
export function grownAxes(some: Values, more: Values): Record<string, number[]> {
  const axes = (name: string) =>
    some[name]!.shape.flatMap((size, axis) => (size === more[name]?.shape[axis] ? [] : [axis]));
  return Object.fromEntries(
    Object.keys(some)
      .map((name) => [name, axes(name)] as const)
      .filter(([, grown]) => grown.length > 0),
  );
}
