import type { Component, Slot } from './mixture.ts';

/**
 * The weights of a mixture: softmax over the slots that a history has of `bias` + `evidence` of the component times
 * ln(1 + sum of the row).
 */
export interface Gate {
  /** One per slot. */
  readonly bias: readonly number[];
  /** One per component; 0 for those that are not counted. */
  readonly evidence: Readonly<Partial<Record<Component, number>>>;
}

/** Rows to fit a gate on: of each row the slots that its history has. */
export interface GateRows {
  /** [rows + 1] */
  readonly offsets: Int32Array;
  /** Index into the slots. */
  readonly slot: Uint16Array;
  /** p(target) of the slot. */
  readonly share: Float64Array;
  readonly evidence: Float64Array;
}

/** Where a fit starts: older places weigh less, evidence does not matter. */
export function initialGate(slots: readonly Slot[]): Gate {
  const components = [...new Set(slots.map(({ component }) => component))];
  return {
    bias: slots.map(({ place }) => -place / 2),
    evidence: Object.fromEntries(components.map((component) => [component, 0])),
  };
}

/** Adam's constants; the rate is that of a full batch of about 50 numbers. */
const [RATE, FIRST, SECOND, TINY] = [0.05, 0.9, 0.999, 1e-8];

/** The gate of greatest likelihood, by Adam on all rows at once; and the mean of -ln p(target) that it has. */
export function fitGate(slots: readonly Slot[], rows: GateRows, steps: number): { gate: Gate; loss: number } {
  const start = initialGate(slots);
  const components = Object.keys(start.evidence) as Component[];
  const componentOf = Uint16Array.from(slots, ({ component }) => components.indexOf(component));
  const params = Float64Array.of(...start.bias, ...components.map(() => 0));
  const grads = new Float64Array(params.length);
  const [m, v] = [new Float64Array(params.length), new Float64Array(params.length)];
  let loss = likelihood(rows, componentOf, params, grads);
  for (let step = 1; step <= steps; step++) {
    for (let i = 0; i < params.length; i++) {
      m[i] = FIRST * m[i]! + (1 - FIRST) * grads[i]!;
      v[i] = SECOND * v[i]! + (1 - SECOND) * grads[i]! ** 2;
      const [mean, square] = [m[i]! / (1 - FIRST ** step), v[i]! / (1 - SECOND ** step)];
      params[i]! -= (RATE * mean) / (Math.sqrt(square) + TINY);
    }
    loss = likelihood(rows, componentOf, params, grads);
  }
  const evidence = components.map((component, i) => [component, params[slots.length + i]!]);
  return { gate: { bias: [...params.subarray(0, slots.length)], evidence: Object.fromEntries(evidence) }, loss };
}

/** Mean of -ln p(target) of the rows; writes its gradient. The one of a slot's logit is its weight minus its posterior. */
export function likelihood(
  rows: GateRows,
  componentOf: Uint16Array,
  params: Float64Array,
  grads: Float64Array,
): number {
  const { offsets, slot, share, evidence } = rows;
  const count = offsets.length - 1;
  const slots = componentOf.length;
  const weights = new Float64Array(slots);
  grads.fill(0);
  let loss = 0;
  for (let row = 0; row < count; row++) {
    const [from, to] = [offsets[row]!, offsets[row + 1]!];
    let highest = -Infinity;
    for (let i = from; i < to; i++) {
      const logit = params[slot[i]!]! + params[slots + componentOf[slot[i]!]!]! * evidence[i]!;
      weights[i - from] = logit;
      if (logit > highest) highest = logit;
    }
    let total = 0;
    for (let i = 0; i < to - from; i++) total += weights[i] = Math.exp(weights[i]! - highest);
    let p = 0;
    for (let i = from; i < to; i++) {
      weights[i - from]! /= total;
      p += weights[i - from]! * share[i]!;
    }
    p = Math.max(p, 1e-12);
    loss -= Math.log(p);
    for (let i = from; i < to; i++) {
      const weight = weights[i - from]!;
      const grad = weight - (weight * share[i]!) / p;
      grads[slot[i]!]! += grad;
      grads[slots + componentOf[slot[i]!]!]! += grad * evidence[i]!;
    }
  }
  for (let i = 0; i < grads.length; i++) grads[i]! /= count;
  return loss / count;
}
