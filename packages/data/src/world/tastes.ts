import { fold, type Key } from '@lea/core';
import { type Items, stride } from './items.ts';
import { randomStream } from './stream.ts';
import { colors, departments, tiers } from './vocabulary.ts';

/** The preferences of a group of customers. Codes are those of the items' attributes. */
export interface Taste {
  /** Index of the favorite department. */
  home: number;
  /** Index of the second favorite department. */
  second: number;
  /** Preferred price tier. */
  tier: number;
  /** [departments] preferred brand in each */
  brands: number[];
  /** [departments] preferred use in each */
  uses: number[];
  /** [departments] preferred material in each */
  materials: number[];
  /** Preferred colors. */
  colors: [number, number];
}

/** Points (log weights) that a liked attribute adds to an item. Larger: choices are easier to predict. */
export const tastePoints = {
  home: 1,
  second: 0.5,
  tier: 1.2,
  brand: 1.2,
  use: 1.5,
  material: 1.4,
  color: 1.4,
} as const;

/** Draws `count` tastes. */
export function drawTastes(key: Key, count: number): Taste[] {
  return Array.from({ length: count }, (_, k) => {
    const draw = randomStream(fold(fold(key, 'taste'), k));
    const home = k % departments.length;
    const tier = draw.below(tiers.length);
    const each = (size: (d: number) => number) => departments.map((_, d) => d * stride + draw.below(size(d)));
    return {
      home,
      second: (home + 1 + draw.below(departments.length - 1)) % departments.length,
      tier,
      brands: each((d) => departments[d]!.brands.length),
      uses: each((d) => departments[d]!.uses.length),
      materials: each((d) => departments[d]!.materials.length),
      colors: [draw.below(colors.length), draw.below(colors.length)],
    };
  });
}

/** [items] the points that a taste gives each item. */
export function liking(taste: Taste, items: Items): Float64Array {
  return Float64Array.from({ length: items.count }, (_, i) => {
    const d = items.department[i]!;
    const likes = (liked: boolean, points: number) => (liked ? points : 0);
    return (
      likes(d === taste.home, tastePoints.home) +
      likes(d === taste.second, tastePoints.second) +
      likes(items.tier[i] === taste.tier, tastePoints.tier) +
      likes(items.brand[i] === taste.brands[d], tastePoints.brand) +
      likes(items.use[i] === taste.uses[d], tastePoints.use) +
      likes(items.material[i] === taste.materials[d], tastePoints.material) +
      likes(taste.colors.includes(items.color[i]!), tastePoints.color)
    );
  });
}
