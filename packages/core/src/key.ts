import { argumentCheck, isObject } from './arguments.ts';
import { checkRanges, checkSeed } from './checks.ts';
import { LeaError } from './error.ts';

/**
 * Keyed random numbers: every draw is a pure function of a key and a counter. A resumed run therefore draws the same
 * numbers as an uninterrupted one, on every backend. Programs of @lea/tensor compute the same bits from the same words.
 */
export interface Key {
  /** Two 32-bit words, as signed integers (as int32 tensors store them). */
  readonly words: readonly [number, number];
}

/** The root key for a seed (any safe integer). @throws LeaError `E_OPTION_VALUE` */
export function key(seed: number): Key {
  checkSeed('key', seed);
  const low = seed | 0;
  const high = Math.floor(seed / 2 ** 32) | 0;
  return { words: [mix(low ^ 0x1b873593) ^ mix(high), mix(mix(low + 0x6a09e667) + high)] };
}

/**
 * Derives a key from another one and a label (a string or a safe integer). Different labels give independent streams.
 *
 * @throws LeaError `E_OPTION_VALUE`
 */
export function fold(parent: Key, label: string | number): Key {
  // Called for every draw of some samplers: a wrong key alone pays for the check.
  if (!parent?.words) checkKeys('fold', { parent });
  if (typeof label !== 'string' && !Number.isSafeInteger(label)) {
    throw new LeaError('E_OPTION_VALUE', 'fold: label must be a string or a whole number below 2^53.', {
      value: label,
    });
  }
  let h = typeof label === 'number' ? mix((label | 0) ^ mix(Math.floor(label / 2 ** 32) | 0)) : 0x9e3779b9 | 0;
  if (typeof label === 'string') for (let i = 0; i < label.length; i++) h = mix((h ^ label.charCodeAt(i)) + i);
  const [a, b] = parent.words;
  return { words: [mix(a ^ mix(h + 0x7f4a7c15)) ^ b, mix((b + h) ^ mix(a + 0x3c6ef372))] };
}

/**
 * The counter-based generator: 32 random bits per counter value.
 * Three multiply/xor-shift rounds (the "triple32" constants of C. Wellons' hash prospector), with the second key word
 * added between the rounds so that streams of different keys are not permutations of one another.
 */
export function randomBits(words: readonly [number, number], counter: number): number {
  let x = counter ^ words[0];
  x = Math.imul(x ^ (x >>> 17), 0xed5ad4bb);
  x = (x + words[1]) | 0;
  x = Math.imul(x ^ (x >>> 11), 0xac4c1b51);
  x = Math.imul(x ^ (x >>> 15), 0x31848bab);
  return x ^ (x >>> 14);
}

function mix(value: number): number {
  return randomBits([0, 0x2545f491], value | 0) | 0;
}

/** Counters are 32 bits wide. */
const MOST_DRAWS = 2 ** 32;

const checkKeys = argumentCheck(
  'a key of random numbers',
  (value) => isObject(value) && Array.isArray(value.words),
  'Make one with key(seed).',
);

function checkDraws(where: string, k: Key, count: number): void {
  checkKeys(where, { key: k });
  checkRanges(where, { count }, { count: [0, MOST_DRAWS, 'whole'] });
}

/** `count` draws from [0, 1), multiples of 2^-24 (exact in float32). @throws LeaError `E_ARGUMENT_TYPE`, `E_OPTION_VALUE` */
export function uniform(k: Key, count: number): Float32Array {
  checkDraws('uniform', k, count);
  const draws = new Float32Array(count);
  for (let i = 0; i < count; i++) draws[i] = (randomBits(k.words, i) >>> 8) / 2 ** 24;
  return draws;
}

/** `count` integers from [0, high), high at most 2^31. @throws LeaError `E_OPTION_VALUE` */
export function integers(k: Key, count: number, high: number): Int32Array {
  checkDraws('integers', k, count);
  checkRanges('integers', { high }, { high: [1, 2 ** 31, 'whole'] });
  return Int32Array.from({ length: count }, (_, i) => Math.floor(((randomBits(k.words, i) >>> 0) / 2 ** 32) * high));
}

/** `count` draws from N(0, 1) (Box-Muller), rounded to float32. @throws LeaError `E_OPTION_VALUE` */
export function normal(k: Key, count: number): Float32Array {
  checkDraws('normal', k, count);
  const draws = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    const u = ((randomBits(k.words, 2 * i) >>> 0) + 1) / (2 ** 32 + 1);
    const v = (randomBits(k.words, 2 * i + 1) >>> 0) / 2 ** 32;
    draws[i] = Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * v);
  }
  return draws;
}

/** A uniformly random order of 0..count-1 (Fisher-Yates). @throws LeaError `E_OPTION_VALUE` */
export function permutation(k: Key, count: number): Int32Array {
  checkDraws('permutation', k, count);
  const order = Int32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(((randomBits(k.words, i) >>> 0) / 2 ** 32) * (i + 1));
    const swapped = order[i]!;
    order[i] = order[j]!;
    order[j] = swapped;
  }
  return order;
}
