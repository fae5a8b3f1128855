/** A number in a text. `Number` also reads 0x10, 0b1 and the empty text. */
export const decimal: RegExp = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
