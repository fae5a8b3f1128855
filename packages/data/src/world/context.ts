import { type Items, stride } from './items.ts';
import { departments } from './vocabulary.ts';

/** Points (log weights) that an item of the history adds to related items. Larger: the last items matter more. */
export const contextPoints = {
  /** The category complements that of the earlier item: first and second choice. */
  goesWith: [1.6, 1],
  sameCategory: 0.3,
  sameDepartment: 0.2,
  sameLine: 1.4,
  sameUse: 0.5,
} as const;

/** Number of last items that matter, and the factor by which points decay per step back. */
export const reach = 3;
export const fading = 0.5;

/** Factor on the weight of an item that was seen before: repeats are rare. */
export const repeatWeight = 0.03;

/** [categories] the categories that complement each category, by codes; none for codes without a category. */
export const goesWith: readonly (readonly number[])[] = departments.flatMap(({ categories }, d) => {
  const headings = categories.map(({ heading }) => heading);
  const complements = categories.map((category) => category.goesWith.map((to) => d * stride + headings.indexOf(to)));
  return Array.from({ length: stride }, (_, from) => complements[from] ?? []);
});

/** [categories, categories] points, by codes. */
const follows: Float64Array = categoryPoints();

/**
 * [items] the factor of a history on the weight of each item, written to `out`:
 * exp(sum of the decayed points over the last 3 items), times 0.03 for items seen before.
 */
export function contextOf(history: ArrayLike<number>, end: number, items: Items, out: Float64Array): Float64Array {
  const codes = departments.length * stride;
  const category = new Float64Array(codes);
  const line = new Float64Array(codes);
  const use = new Float64Array(codes);
  for (let j = 1; j <= Math.min(reach, end); j++) {
    const item = history[end - j]!;
    const weight = fading ** (j - 1);
    const row = items.category[item]! * codes;
    for (let c = 0; c < codes; c++) category[c]! += weight * follows[row + c]!;
    line[items.line[item]!]! += weight * contextPoints.sameLine;
    use[items.use[item]!]! += weight * contextPoints.sameUse;
  }
  for (const table of [category, line, use]) for (let c = 0; c < codes; c++) table[c] = Math.exp(table[c]!);
  for (let i = 0; i < items.count; i++) {
    out[i] = category[items.category[i]!]! * line[items.line[i]!]! * use[items.use[i]!]!;
  }
  for (let t = 0; t < end; t++) {
    // Apply the factor once per item, even if it was seen several times.
    if (!includesBefore(history, t)) out[history[t]!]! *= repeatWeight;
  }
  return out;
}

function includesBefore(history: ArrayLike<number>, t: number): boolean {
  for (let s = 0; s < t; s++) if (history[s] === history[t]) return true;
  return false;
}

function categoryPoints(): Float64Array {
  const codes = departments.length * stride;
  const points = new Float64Array(codes * codes);
  departments.forEach(({ categories }, d) => {
    const headings = categories.map(({ heading }) => heading);
    categories.forEach(({ goesWith }, from) => {
      headings.forEach((heading, to) => {
        const rank = goesWith.indexOf(heading);
        points[(d * stride + from) * codes + d * stride + to] =
          contextPoints.sameDepartment +
          (from === to ? contextPoints.sameCategory : 0) +
          (rank < 0 ? 0 : contextPoints.goesWith[Math.min(rank, 1)]!);
      });
    });
  });
  return points;
}
