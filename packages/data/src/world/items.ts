import { fold, type Key, normal } from '@lea/core';
import type { ItemTexts } from '../item-texts.ts';
import { randomStream, type Stream } from './stream.ts';
import { colors, departments, tiers } from './vocabulary.ts';

/** [items] attribute codes; codes of category, line and use are unique across departments. */
export interface Items {
  count: number;
  department: Int32Array;
  category: Int32Array;
  brand: Int32Array;
  /** Product line of a brand; items of one line belong together. */
  line: Int32Array;
  material: Int32Array;
  use: Int32Array;
  tier: Int32Array;
  color: Int32Array;
  /** How well known the item is: log-normal, with a long tail. */
  popularity: Float64Array;
}

/** Upper bound of the categories, brands, ... of one department: code = department * stride + index. */
export const stride = 32;

/** Draws the attributes of `count` items. Most items of a line share one use, and most items of a brand share its tier. */
export function drawItems(key: Key, count: number, spread: number): Items {
  const zeros = () => new Int32Array(count);
  const items: Items = {
    count,
    department: zeros(),
    category: zeros(),
    brand: zeros(),
    line: zeros(),
    material: zeros(),
    use: zeros(),
    tier: zeros(),
    color: zeros(),
    popularity: Float64Array.from(normal(fold(key, 'popularity'), count), (z) => Math.exp(spread * z)),
  };
  for (let i = 0; i < count; i++) {
    const draw = randomStream(fold(fold(key, 'item'), i));
    const d = draw.below(departments.length);
    const { categories, brands, materials, uses } = departments[d]!;
    const brand = draw.below(brands.length);
    const line = draw.below(3);
    items.department[i] = d;
    items.category[i] = d * stride + draw.below(categories.length);
    items.brand[i] = d * stride + brand;
    items.line[i] = d * stride + brand * 3 + line;
    items.material[i] = d * stride + draw.below(materials.length);
    items.use[i] = d * stride + (draw.next() < 0.7 ? (brand + line) % uses.length : draw.below(uses.length));
    items.tier[i] = draw.next() < 0.75 ? brands[brand]!.tier : draw.below(tiers.length);
    items.color[i] = draw.below(colors.length);
  }
  return items;
}

/** Item texts in the style of a shop, and the attributes in plain words. */
export function describe(key: Key, items: Items): ItemTexts {
  const itemIds = numbered('item', items.count);
  const words = Array.from({ length: items.count }, (_, i) => wordsOf(items, i));
  const names = Object.keys(words[0] ?? {}) as (keyof Words)[];
  return {
    itemIds,
    texts: words.map((word, i) => textOf(word, items, i, randomStream(fold(fold(key, 'text'), i)))),
    attributes: Object.fromEntries(names.map((name) => [name, words.map((word) => word[name])])),
  };
}

/** Ids such as `item-007`, zero-padded so that string order equals numeric order. */
export function numbered(name: string, count: number): string[] {
  const digits = String(count - 1).length;
  return Array.from({ length: count }, (_, i) => `${name}-${String(i).padStart(digits, '0')}`);
}

type Words = Record<'department' | 'category' | 'brand' | 'line' | 'material' | 'use' | 'tier' | 'color', string>;

function wordsOf(items: Items, i: number): Words {
  const department = departments[items.department[i]!]!;
  const local = (codes: Int32Array) => codes[i]! % stride;
  const brand = department.brands[local(items.brand)]!;
  return {
    department: department.heading,
    category: department.categories[local(items.category)]!.heading,
    brand: brand.name,
    line: `${brand.name} ${brand.lines[local(items.line) % 3]}`,
    material: department.materials[local(items.material)]!,
    use: department.uses[local(items.use)]![0],
    tier: tiers[items.tier[i]!]![0],
    color: colors[items.color[i]!]!,
  };
}

function textOf(word: Words, items: Items, i: number, draw: Stream): string {
  const { categories, uses } = departments[items.department[i]!]!;
  const noun = categories[items.category[i]! % stride]!.nouns[draw.below(2)];
  const use = uses[items.use[i]! % stride]![draw.below(2)];
  const tier = tiers[items.tier[i]!]![draw.below(3)]!;
  const title = `${word.line} ${noun} ${10 * (1 + draw.below(90))}, ${word.color}`;
  const details = `${capital(word.material)}, made for ${use}, ${tier}`;
  return `${title}. ${details}. ${word.department} ${word.category}. ${word.brand}.`;
}

function capital(text: string): string {
  return text[0]!.toUpperCase() + text.slice(1);
}
