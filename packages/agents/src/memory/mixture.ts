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
 * The weights of a mixture: softmax over the slots of a history of `bias` + `evidence` of the component times
 * ln(1 + row sum).
 */
export interface Gate {
  /** One number per slot. */
  readonly bias: readonly number[];
  /** One number per component; 0 for components without counts. */
  readonly evidence: Readonly<Partial<Record<Component, number>>>;
}

/** Direct successions are used at the two newest places; further back they add nothing to `forward`. */
const DIRECT_PLACES = 2;

/** Optional components of a memory. */
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

/** The counts and texts from which the components are computed. */
export interface Parts {
  readonly counts: Counts;
  /** Text similarity: rows sum to 1, or to less if only the nearest texts are kept. */
  readonly text: SortedRows | undefined;
  /** Pseudo-count by which popularity is added to each row. */
  readonly smoothing: number;
}

/** The share of an item among all choices, with half a choice added to every item. */
export function popularityOf({ chosen, total }: Counts, item: number, own?: OwnEvents): number {
  const count = chosen[item]! - (own?.chosen.get(item) ?? 0);
  return (count + 0.5) / (total - (own?.total ?? 0) + 0.5 * chosen.length);
}

/**
 * p(item) of a slot, given the item at its place.
 *
 * @param own events of a user to remove from the counts
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

/** The evidence of a slot: ln(1 + row sum); 0 for components without counts. */
export function evidenceOf(parts: Parts, { component }: Slot, given: number, own?: OwnEvents): number {
  return isCounted(component) ? Math.log1p(sumOf(parts, component, given, own)) : 0;
}

export function isCounted(component: Component): component is Counted {
  return (COUNTED as readonly string[]).includes(component);
}

function sumOf({ counts }: Parts, component: Counted, given: number, own?: OwnEvents): number {
  return Math.max(0, counts[component].sums[given]! - (own?.sums[component].get(given) ?? 0));
}

/** The weights of the slots for a history (newest item first); 0 for slots that it does not have. */
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

/** Whether a history is long enough for a slot. */
export function hasSlot({ component, place }: Slot, history: { readonly length: number }): boolean {
  return component === 'popularity' || place < history.length;
}

/** p(item | history) of a single item, by definition. */
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
