import { expect, it } from 'vitest';
import { chain } from '../fixtures/chain.ts';
import { followingRows, standardizedStates } from './environment-states.ts';

it('columns have mean 0 and deviation 1; constant ones become 0', () => {
  const states = standardizedStates(Float32Array.of(1, 10, 7, 3, 30, 7, 5, 20, 7, 7, 20, 7), 4);
  const column = (j: number) => [0, 1, 2, 3].map((row) => states[row * 3 + j]!);
  const z = 1 / Math.sqrt(5);
  for (const [i, x] of [-3 * z, -z, z, 3 * z].entries()) expect(column(0)[i]).toBeCloseTo(x, 5);
  for (const [i, x] of [-Math.SQRT2, Math.SQRT2, 0, 0].entries()) expect(column(1)[i]).toBeCloseTo(x, 5);
  expect(column(2)).toEqual([0, 0, 0, 0]);
});

it('the row that follows is of the next event of the same user, and among the rows', () => {
  const all = chain(3, 1, 4);
  expect([...followingRows(all)]).toEqual([1, 2, 3, -1, 5, 6, 7, -1, 9, 10, 11, -1]);
  // Rows in another order, event 2 left out.
  const order = [6, 0, 1, 3, 7, 5];
  const some = {
    ...all,
    count: order.length,
    event: Int32Array.from(order),
    sequence: Int32Array.from(order, (event) => Math.floor(event / 4)),
    done: new Uint8Array(order.length),
  };
  expect([...followingRows(some)]).toEqual([4, 2, -1, -1, -1, 0]);
});
