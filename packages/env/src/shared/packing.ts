import type { Values } from '@lea/tensor';

/** Matrices of more bytes than this are fed: packed ones take up to three times their memory. 135M parameters fit. */
const MOST_BYTES = 600e6;

/** Splits what a program never changes: its `constants` are the matrices, unless those are too large, the rest is `fed`. */
export function packing(frozen: Values): { constants: Values; fed: Values } {
  const split = (matrices: boolean): Values =>
    Object.fromEntries(Object.entries(frozen).filter(([, { shape }]) => (shape.length === 2) === matrices));
  const constants = split(true);
  const bytes = Object.values(constants).reduce((sum, { data }) => sum + data.byteLength, 0);
  return bytes > MOST_BYTES ? { constants: {}, fed: frozen } : { constants, fed: split(false) };
}
