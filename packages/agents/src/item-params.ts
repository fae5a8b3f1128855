import { key } from '@lea/core';
import { float32, type Values } from '@lea/tensor';
import { allow } from './init.ts';
import type { Agent, Shape } from './types.ts';

/** Items of the small networks that tell what parameters an agent has: as many as the conformance kit tests with. */
export const FEW = 12;

/** Columns of the texts that a network is made from which does not read them later: its form does not depend on them. */
const COLUMNS = 8;

/** Which parameters of an agent belong to items. */
export interface ItemParams {
  /** The dimensions that are items, by parameter: N long, or N+1 with padding last. Parameters without any are left out. */
  readonly axes: Readonly<Record<string, readonly number[]>>;
  /** Those among them that `init` fills from the text vectors. */
  readonly fromText: ReadonlySet<string>;
}

/**
 * Finds out which parameters belong to items by making small networks: a dimension that grows with the catalog is items.
 * So agents and encoders need not declare anything.
 */
export function itemParams(agent: Agent, shape: Shape): ItemParams {
  const some = sampleParams(agent, shape, FEW);
  const axes = grownAxes(some, sampleParams(agent, shape, FEW + 1));
  const { initText } = agent.encoder;
  const others = initText ? sampleParams(agent, shape, FEW, Math.cos) : some;
  const isFromText = (name: string) => some[name]!.data.some((x, i) => x !== others[name]!.data[i]);
  return { axes, fromText: new Set(Object.keys(axes).filter(isFromText)) };
}

/**
 * Parameters of the agent for a catalog of so many items; where the encoder needs text vectors, they are made up.
 *
 * @param textAt the numbers of the text vectors, counted row by row
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

/** The dimensions whose sizes differ, by parameter; those without any are left out. */
export function grownAxes(some: Values, more: Values): Record<string, number[]> {
  const axes = (name: string) =>
    some[name]!.shape.flatMap((size, axis) => (size === more[name]?.shape[axis] ? [] : [axis]));
  return Object.fromEntries(
    Object.keys(some)
      .map((name) => [name, axes(name)] as const)
      .filter(([, grown]) => grown.length > 0),
  );
}
