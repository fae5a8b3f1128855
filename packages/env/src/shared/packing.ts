import type { Values } from '@lea/tensor';

/** Larger matrices are fed instead of embedded, because embedded ones take up to three times their size. Fits 135M parameters. */
const MOST_BYTES = 600e6;

/** Splits the frozen values of a program: matrices become its `constants` unless they are too large; the rest is `fed`. */
export function packing(frozen: Values): { constants: Values; fed: Values } {
  const split = (matrices: boolean): Values =>
    Object.fromEntries(Object.entries(frozen).filter(([, { shape }]) => (shape.length === 2) === matrices));
  const constants = split(true);
  const bytes = Object.values(constants).reduce((sum, { data }) => sum + data.byteLength, 0);
  return bytes > MOST_BYTES ? { constants: {}, fed: frozen } : { constants, fed: split(false) };
}
