import ts from 'typescript';
import { expect, test } from 'vitest';
import { mutantsOf } from './mutants.mjs';
import { nearestTests } from './nearest.mjs';

/** The source after each possible edit. */
const mutated = (text) => mutantsOf(text).map(({ start, end, to }) => text.slice(0, start) + to + text.slice(end));

test.each([
  ['x + 2', ['x - 2', 'x + 3']],
  ['x < 0.5', ['x <= 0.5', 'x < 1']],
  ['-x', ['(x)']],
  ['a ? b : c', ['(b)', '(c)']],
  ['tf.mul(x, mask)', ['(x)', 'tf.div(x, mask)']],
  ['tf.neg(x)', ['(x)']],
  ['Math.max(x, y)', ['(x)', 'Math.min(x, y)']],
  ['fold(root, epoch)', ['(root)']],
  ['permutation(k, n)', ['Int32Array.from({ length: n }, (_, i) => i)']],
  ['if (a) b()', ['if (true) b()', 'if (false) b()']],
  // Guards against overflow, texts and checks of input are not changed.
  ["x = -1e9 && 'a' + b", ["x = (1e9) && 'a' + b", "x = -1e9 || 'a' + b"]],
  ['if (a < 0) throw new Error(a + 1)', []],
  ['function checkAll(a) { return a > 0 }', []],
  ['let x: 1 | 2', []],
])('%s', (text, wanted) => {
  expect(mutated(text).sort()).toEqual(wanted.sort());
  for (const one of mutated(text)) {
    expect(ts.transpileModule(one, { reportDiagnostics: true }).diagnostics).toEqual([]);
  }
});

test('the nearest tests of a source are those of its name, then those that import it', () => {
  const nearest = nearestTests('packages/env')('packages/env/src/fit/segments.ts');
  expect(nearest[0]).toBe('packages/env/src/fit/segments.test.ts');
  expect(nearest).toContain('packages/env/src/fit/fit-environment.test.ts');
  expect(nearest).not.toContain('packages/env/src/language-model/heap.test.ts');
});
