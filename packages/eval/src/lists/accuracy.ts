/** The places (from 1) of the relevant items in a list, in ascending order. */
type Places = readonly number[];

/** Value of a list whose relevant items stand at `places`, all of them at most k. */
type Accuracy = (places: Places, k: number, relevant: number) => number;

const discount = (place: number): number => 1 / Math.log2(place + 1);

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/**
 * Accuracy of a list with several relevant items of equal weight. `relevant` is the number of all relevant items, in the list
 * or not. With one of them, map and mrr are equal, and so are recall and hr.
 */
export const accuracies: Readonly<Record<'hr' | 'ndcg' | 'mrr' | 'recall' | 'precision' | 'map', Accuracy>> = {
  hr: (places) => (places.length > 0 ? 1 : 0),
  // The best list has relevant items only, as many as there are and fit (Järvelin and Kekäläinen 2002).
  ndcg: (places, k, relevant) =>
    sum(places.map(discount)) / sum(Array.from({ length: Math.min(k, relevant) }, (_, i) => discount(i + 1))),
  mrr: ([first]) => (first === undefined ? 0 : 1 / first),
  recall: (places, _, relevant) => places.length / relevant,
  precision: (places, k) => places.length / k,
  // Divided by the number of relevant items, even if it is above k.
  map: (places, _, relevant) => sum(places.map((place, i) => (i + 1) / place)) / relevant,
};
