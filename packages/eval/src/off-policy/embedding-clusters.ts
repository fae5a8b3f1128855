import {
  fold,
  type Given,
  key,
  type OptionsSchema,
  option,
  parseOptions,
  seed,
  uniform,
  weightedDraw,
  whole,
} from '@lea/core';
import { checkTextVectors, checkVectors, type TextVectors } from '../vectors.ts';

/** Options of {@link embeddingClusters}. */
export interface EmbeddingClustersOptions {
  /**
   * Number of categories, at most one per item with a direction. Fewer: better support and more bias, because items of a category count as alike.
   * Default: 20.
   */
  readonly clusters: number;
  /** Maximum number of iterations. Default: 50. */
  readonly iterations: number;
  /** Seed of the first centers. Default: 0. */
  readonly seed: number;
}

/** Defaults and checks of {@link EmbeddingClustersOptions}. */
export const embeddingClustersSchema: OptionsSchema<EmbeddingClustersOptions> = {
  clusters: option(whole(1), 20),
  iterations: option(whole(1), 50),
  seed: option(seed, 0),
};

/**
 * Categories of items for `mips`: spherical k-means (Dhillon and Modha 2001) of their vectors, for example of texts, with the
 * first centers by k-means++ (Arthur and Vassilvitskii 2007). Items without a direction (zero vectors, as of items without text) are
 * no centers and shape none; they all go to the first cluster.
 *
 * @returns [items] the category of each item
 * @throws LeaError `E_ARGUMENT_TYPE`, `E_VECTORS_SHAPE`, `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`
 */
export function embeddingClusters(vectors: TextVectors, options?: Given<EmbeddingClustersOptions>): Int32Array {
  checkTextVectors('embeddingClusters', { vectors });
  const { data, items, size } = checkVectors('embeddingClusters', vectors, vectors.shape[0]!);
  const o = parseOptions('embeddingClusters', embeddingClustersSchema, options);
  const row = (item: number): Float32Array => data.subarray(item * size, (item + 1) * size);
  // A zero vector is far from every center, even from one that is a zero vector: draws would go to nothing else.
  const directed = Array.from({ length: items }, (_, item) => row(item)).filter((own) => own.some((x) => x !== 0));
  if (directed.length === 0) return new Int32Array(items);
  let centers = firstCenters(directed, Math.min(o.clusters, directed.length), o.seed);
  let category = new Int32Array(items).fill(-1);
  for (let iteration = 0; iteration < o.iterations; iteration++) {
    const next = category.map((_, item) => nearestOf(centers, row(item)));
    if (next.every((value, item) => value === category[item])) break;
    category = next;
    centers = centers.map((center, c) => {
      const sum = new Float32Array(size);
      for (let item = 0; item < items; item++) {
        if (category[item] === c) for (let i = 0; i < size; i++) sum[i]! += row(item)[i]!;
      }
      const norm = Math.sqrt(dot(sum, sum));
      return norm > 0 ? sum.map((value) => value / norm) : center;
    });
  }
  return category;
}

function firstCenters(vectors: readonly Float32Array[], count: number, seed: number): Float32Array[] {
  const draws = uniform(fold(key(seed), 'embedding clusters'), count);
  const centers = [vectors[Math.floor(draws[0]! * vectors.length)]!];
  const distance = new Float64Array(vectors.length).fill(Infinity);
  while (centers.length < count) {
    for (const [i, vector] of vectors.entries()) {
      // Half the squared distance of unit vectors; rounding may make it negative.
      distance[i] = Math.min(distance[i]!, Math.max(0, 1 - dot(vector, centers.at(-1)!)));
    }
    // Fewer different vectors than clusters.
    if (distance.every((d) => d < 1e-6)) break;
    centers.push(vectors[weightedDraw(distance)(draws[centers.length]!)]!);
  }
  return centers;
}

function nearestOf(centers: readonly Float32Array[], vector: Float32Array): number {
  let [best, highest] = [0, -Infinity];
  for (const [c, center] of centers.entries()) {
    const likeness = dot(center, vector);
    if (likeness > highest) [best, highest] = [c, likeness];
  }
  return best;
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
