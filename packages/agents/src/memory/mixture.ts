import { COUNTED, type Counted, type Counts, type SortedRows, valueAt } from './counts.ts';
import type { OwnEvents } from './own-events.ts';

/** The components of a memory, in the order of the mixture. */
export type Component = 'popularity' | Counted | 'repeat' | 'text';

/** A component at a place of the window, 0 for the newest item. Popularity reads no item; its place is 0. */
export interface Slot {
  readonly component: Component;
  readonly place: number;
}

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

/** Direct successions are read at the two newest places; further back the pairs of `forward` say the same. */
const DIRECT_PLACES = 2;

/** Components that a memory may do without. */
export interface OptionalComponents {
  readonly repeat?: boolean;
  readonly text?: boolean;
}

/** The slots of a memory: popularity, then each component at each place. */
export function slotsOf(window: number, { repeat = false, text = false }: OptionalComponents = {}): Slot[] {
  const at = (component: Component, places: number): Slot[] =>
    Array.from({ length: places }, (_, place) => ({ component, place }));
  return [
    ...at('popularity', 1),
    ...at('forward', window),
    ...at('backward', window),
    ...at('direct', Math.min(window, DIRECT_PLACES)),
    ...(repeat ? at('repeat', window) : []),
    ...(text ? at('text', window) : []),
  ];
}

/** What the parts of the mixture are read from. */
export interface Parts {
  readonly counts: Counts;
  /** Likeness of texts: rows sum up to 1, or to less where only the nearest are kept. */
  readonly text: SortedRows | undefined;
  /** Counts that popularity adds to a row. */
  readonly smoothing: number;
}

/** The share of an item among all choices, every item being given half a choice. */
export function popularityOf({ chosen, total }: Counts, item: number, own?: OwnEvents): number {
  const count = chosen[item]! - (own?.chosen.get(item) ?? 0);
  return (count + 0.5) / (total - (own?.total ?? 0) + 0.5 * chosen.length);
}

/**
 * p(item) of a slot, given the item at its place.
 *
 * @param own a user whose events are taken out of the counts
 */
export function shareOf(parts: Parts, { component }: Slot, given: number, item: number, own?: OwnEvents): number {
  const popularity = popularityOf(parts.counts, item, own);
  if (component === 'popularity') return popularity;
  if (component === 'repeat') return item === given ? 1 : 0;
  if (component === 'text') return valueAt(parts.text!, given, item);
  const ownPair = own?.pairs[component].get(given)?.get(item) ?? 0;
  const pair = Math.max(0, valueAt(parts.counts[component], given, item) - ownPair);
  return (pair + parts.smoothing * popularity) / (sumOf(parts, component, given, own) + parts.smoothing);
}

/** The evidence of a slot: ln(1 + the sum of its row); 0 for components that are not counted. */
export function evidenceOf(parts: Parts, { component }: Slot, given: number, own?: OwnEvents): number {
  return isCounted(component) ? Math.log1p(sumOf(parts, component, given, own)) : 0;
}

export function isCounted(component: Component): component is Counted {
  return (COUNTED as readonly string[]).includes(component);
}

function sumOf({ counts }: Parts, component: Counted, given: number, own?: OwnEvents): number {
  return Math.max(0, counts[component].sums[given]! - (own?.sums[component].get(given) ?? 0));
}

/** The weights of the slots for a history, newest item first: 0 for slots that it does not have. */
export function weightsOf(
  parts: Parts,
  slots: readonly Slot[],
  { bias, evidence }: Gate,
  history: ArrayLike<number>,
  own?: OwnEvents,
): Float64Array {
  const weights = Float64Array.from(slots, (slot, i) => {
    if (!hasSlot(slot, history)) return -Infinity;
    const given = history[slot.place]!;
    return bias[i]! + (evidence[slot.component] ?? 0) * evidenceOf(parts, slot, given, own);
  });
  const highest = weights.reduce((most, one) => Math.max(most, one));
  let total = 0;
  for (let i = 0; i < weights.length; i++) total += weights[i] = Math.exp(weights[i]! - highest);
  return weights.map((weight) => weight / total);
}

/** Whether a history reaches the place that a slot reads. */
export function hasSlot({ component, place }: Slot, history: { readonly length: number }): boolean {
  return component === 'popularity' || place < history.length;
}

/** p(item | history) by its definition, item by item. */
export function probabilityOf(
  parts: Parts,
  slots: readonly Slot[],
  weights: Float64Array,
  history: ArrayLike<number>,
  item: number,
  own?: OwnEvents,
): number {
  let sum = 0;
  for (const [i, slot] of slots.entries()) {
    if (weights[i]! > 0) sum += weights[i]! * shareOf(parts, slot, history[slot.place]!, item, own);
  }
  return sum;
}
