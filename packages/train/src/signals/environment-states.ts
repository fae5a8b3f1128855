import type { Transitions } from '@lea/data';

/**
 * States [R*E] with mean 0 and standard deviation 1 in every column over the rows. The columns of language models differ in
 * scale by orders of magnitude; after standardization, zeros in place of an unknown state mean the average state.
 */
export function standardizedStates(state: Float32Array, rows: number): Float32Array {
  const size = state.length / rows;
  const result = new Float32Array(state.length);
  for (let column = 0; column < size; column++) {
    let [sum, squares] = [0, 0];
    for (let at = column; at < state.length; at += size) sum += state[at]!;
    const mean = sum / rows;
    for (let at = column; at < state.length; at += size) squares += (state[at]! - mean) ** 2;
    const deviation = Math.sqrt(squares / rows) || 1;
    for (let at = column; at < state.length; at += size) result[at] = (state[at]! - mean) / deviation;
  }
  return result;
}

/** For each row, the row of the same user's next event; -1 when that event is not a row of these transitions. */
export function followingRows({ sequences, event, sequence, count }: Transitions): Int32Array {
  const rowOf = new Int32Array(sequences.items.length + 1).fill(-1);
  for (let row = 0; row < count; row++) rowOf[event[row]!] = row;
  return Int32Array.from({ length: count }, (_, row) => {
    const next = event[row]! + 1;
    return next < sequences.offsets[sequence[row]! + 1]! ? rowOf[next]! : -1;
  });
}
