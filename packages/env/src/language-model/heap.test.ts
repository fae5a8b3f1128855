import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Heap } from './heap.ts';

test('gives back what was put in, in order, also when both take turns', () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.integer())), (actions) => {
      const heap = new Heap<number>((a, b) => a < b);
      const there: number[] = [];
      // Nothing stands for taking one out.
      for (const action of [...actions, ...actions.map(() => null)]) {
        if (action === null) expect(heap.pop()).toBe(there.sort((a, b) => a - b).shift());
        else {
          heap.push(action);
          there.push(action);
        }
      }
      expect(heap.pop()).toBeUndefined();
    }),
  );
});
