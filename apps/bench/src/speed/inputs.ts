import { fold, integers, key } from '@lea/core';
import type { Spec, Specs, Value, Values } from '@lea/tensor';

/** Random data for `steps` steps of a program. The kind of data follows from the names of the inputs. */
export function randomInputs(specs: Specs, { items, window, steps }: Sizes): Values {
  return Object.fromEntries(
    Object.entries(specs).map(([name, spec]) => [name, randomInput(name, spec, { items, window, steps })]),
  );
}

interface Sizes {
  readonly items: number;
  /** Length of the windows, which are all full. */
  readonly window: number;
  readonly steps: number;
}

function randomInput(name: string, { dtype, shape }: Spec, { items, window, steps }: Sizes): Value {
  const count = steps * shape.reduce((a, b) => a * b, 1);
  const value = { dtype, shape: [steps, ...shape] };
  if (dtype === 'float32') return { ...value, data: new Float32Array(count).fill(numberOf(name, items)) };
  if (name.toLowerCase().endsWith('length')) return { ...value, data: new Int32Array(count).fill(window) };
  return { ...value, data: integers(fold(key(1), name), count, name === 'key' ? 2 ** 31 : items) };
}

/** 0.2 for rewards, the log probability of a uniform draw for `...LogQ`, and 0 for `done` and others. */
function numberOf(name: string, items: number): number {
  if (name === 'reward') return 0.2;
  return name.endsWith('LogQ') ? -Math.log(items) : 0;
}
