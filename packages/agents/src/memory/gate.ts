import { type Component, type Gate, hasSlot, isCounted, type Slot } from './mixture.ts';

/** Rows to fit a gate to. Slots without counts are listed only if they give the target a positive probability. */
export interface GateRows {
  /** [rows] number of places that the history has */
  readonly reach: Int32Array;
  /** [rows + 1] */
  readonly offsets: Int32Array;
  /** [entries] index into the slots */
  readonly slot: Uint16Array;
  /** [entries] p(target) of the slot */
  readonly share: Float64Array;
  /** [entries] index into `evidence` */
  readonly level: Int32Array;
  /** The distinct values per component; there are few, which saves exponentials. */
  readonly evidence: Float64Array;
}

/** The initial gate: older places have less weight, and evidence has no effect. */
export function initialGate(slots: readonly Slot[]): Gate {
  const components = componentsOf(slots);
  return {
    bias: slots.map(({ place }) => -place / 2),
    evidence: Object.fromEntries(components.map((component) => [component, 0])),
  };
}

/** Adam's constants; the learning rate suits a full batch and about 50 parameters. */
const [RATE, FIRST, SECOND, TINY] = [0.05, 0.9, 0.999, 1e-8];

/** Fits the gate by maximum likelihood, with Adam on all rows at once. Returns it with its mean of -ln p(target). */
export function fitGate(slots: readonly Slot[], rows: GateRows, steps: number): { gate: Gate; loss: number } {
  const components = componentsOf(slots);
  const params = Float64Array.of(...initialGate(slots).bias, ...components.map(() => 0));
  const grads = new Float64Array(params.length);
  const [m, v] = [new Float64Array(params.length), new Float64Array(params.length)];
  const evaluate = likelihood(slots, rows);
  let loss = evaluate(params, grads);
  for (let step = 1; step <= steps; step++) {
    for (let i = 0; i < params.length; i++) {
      m[i] = FIRST * m[i]! + (1 - FIRST) * grads[i]!;
      v[i] = SECOND * v[i]! + (1 - SECOND) * grads[i]! ** 2;
      const [mean, square] = [m[i]! / (1 - FIRST ** step), v[i]! / (1 - SECOND ** step)];
      params[i]! -= (RATE * mean) / (Math.sqrt(square) + TINY);
    }
    loss = evaluate(params, grads);
  }
  const evidence = components.map((component, i) => [component, params[slots.length + i]!]);
  return { gate: { bias: [...params.subarray(0, slots.length)], evidence: Object.fromEntries(evidence) }, loss };
}

/** Bounded so that the product of two of them is finite even after many steps. */
const boundedExp = (x: number) => Math.exp(Math.min(x, 300));

/**
 * Returns a function that computes the mean of -ln p(target) for the parameters of a gate (`bias`, then `evidence`) and writes
 * its gradient. The gradient of a slot's logit is its weight minus its posterior.
 *
 * A weight is exp(bias) * exp(evidence). There are few distinct factors, and the sum of the weights without evidence depends
 * only on the reach of a history, so each row needs only one product per counted slot.
 */
export function likelihood(
  slots: readonly Slot[],
  { reach, offsets, slot, share, level, evidence }: GateRows,
): (params: Float64Array, grads: Float64Array) => number {
  const [rows, levels] = [reach.length, evidence.length];
  const components = componentsOf(slots);
  const counted = Float64Array.from(slots, ({ component }) => (isCounted(component) ? 1 : 0));
  const componentOf = Uint16Array.from(slots, ({ component }) => components.indexOf(component));
  const componentOfLevel = new Uint16Array(levels);
  for (let i = 0; i < level.length; i++) componentOfLevel[level[i]!] = componentOf[slot[i]!]!;
  const reaches = reach.reduce((most, one) => Math.max(most, one), 0) + 1;
  const uncounted = [...slots.entries()].flatMap(([i, one]) =>
    counted[i] ? [] : Array.from({ length: reaches }, (_, length) => ({ i, length })).filter((at) => hasSlot(one, at)),
  );
  const [ofSlot, ofLevel, ofReach] = [slots.length, levels, reaches].map((n) => new Float64Array(n)) as Three;
  const [levelGrads, reachGrads] = [new Float64Array(levels), new Float64Array(reaches)];

  return (params, grads) => {
    for (let i = 0; i < ofSlot.length; i++) ofSlot[i] = boundedExp(params[i]!);
    for (let i = 0; i < levels; i++)
      ofLevel[i] = boundedExp(params[ofSlot.length + componentOfLevel[i]!]! * evidence[i]!);
    ofReach.fill(0);
    for (const { i, length } of uncounted) ofReach[length]! += ofSlot[i]!;
    for (const sums of [grads, levelGrads, reachGrads]) sums.fill(0);
    let loss = 0;
    // One logarithm per sixteen rows.
    let product = 1;
    for (let row = 0; row < rows; row++) {
      const to = offsets[row + 1]!;
      let total = ofReach[reach[row]!]!;
      let told = 0;
      for (let i = offsets[row]!; i < to; i++) {
        const weight = ofSlot[slot[i]!]! * ofLevel[level[i]!]!;
        total += weight * counted[slot[i]!]!;
        told += weight * share[i]!;
      }
      told = Math.max(told, 1e-12 * total);
      product *= told / total;
      if (row % 16 === 0) {
        loss -= Math.log(product);
        product = 1;
      }
      const [ofTotal, ofTold] = [1 / total, 1 / told];
      reachGrads[reach[row]!]! += ofTotal;
      for (let i = offsets[row]!; i < to; i++) {
        const weight = ofSlot[slot[i]!]! * ofLevel[level[i]!]!;
        const grad = weight * (counted[slot[i]!]! * ofTotal - share[i]! * ofTold);
        grads[slot[i]!]! += grad;
        levelGrads[level[i]!]! += grad;
      }
    }
    for (const { i, length } of uncounted) grads[i]! += ofSlot[i]! * reachGrads[length]!;
    for (let i = 0; i < levels; i++) grads[ofSlot.length + componentOfLevel[i]!]! += levelGrads[i]! * evidence[i]!;
    for (let i = 0; i < grads.length; i++) grads[i]! /= rows;
    return (loss - Math.log(product)) / rows;
  };
}

type Three = [Float64Array, Float64Array, Float64Array];

/** The components, in the order of the slots. */
function componentsOf(slots: readonly Slot[]): Component[] {
  return [...new Set(slots.map(({ component }) => component))];
}
