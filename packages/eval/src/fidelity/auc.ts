/**
 * Area under the ROC curve: the chance that a positive's value exceeds a negative's, ties counting half. All rows are
 * pooled, so it asks what a row's own comparisons do not: whether values mean the same after every history. NaN values
 * are left out.
 */
export function auc(positives: ArrayLike<number>, negatives: ArrayLike<number>): number {
  const sorted = (values: ArrayLike<number>) =>
    Float64Array.from(values)
      .filter((v) => !Number.isNaN(v))
      .sort();
  const [liked, others] = [sorted(positives), sorted(negatives)];
  let [wins, below, upTo] = [0, 0, 0];
  for (const value of liked) {
    while (below < others.length && others[below]! < value) below++;
    while (upTo < others.length && others[upTo]! <= value) upTo++;
    wins += (below + upTo) / 2;
  }
  return wins / (liked.length * others.length);
}
