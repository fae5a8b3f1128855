import type { Specs, Value, Values } from '@lea/tensor';

/** Windows are not cut below this number of events: narrower ones save little time, and each width needs its own program. */
const NARROWEST = 8;

/** The width to which the windows of a batch are cut: a power of two, or the whole window. @param longest events of a row */
export function widthFor(longest: number, window: number): number {
  return Math.min(window, Math.max(NARROWEST, 2 ** Math.ceil(Math.log2(longest))));
}

/**
 * Cuts windows that are wider than the specs. They are padded on the right, so nothing but padding is lost.
 *
 * @param inputs stacked inputs of some steps
 * @param specs of one step
 */
export function narrowed(inputs: Values, specs: Specs): Values {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, value]) => [name, cut(value, specs[name]!.shape.at(-1))]),
  );
}

function cut(value: Value, width: number | undefined): Value {
  const whole = value.shape.at(-1)!;
  if (width === undefined || width >= whole) return value;
  const rows = value.data.length / whole;
  const data = new (value.data.constructor as new (size: number) => typeof value.data)(rows * width);
  for (let row = 0; row < rows; row++) data.set(value.data.subarray(row * whole, row * whole + width), row * width);
  return { ...value, shape: [...value.shape.slice(0, -1), width], data };
}

/** Things that are made for each width when it first comes. */
export interface PerWidth<T> {
  at(width: number): Promise<T>;
  /** Those made so far, without those that failed. */
  all(): Promise<T[]>;
}

/** @param make is called once for each width */
export function perWidth<T>(make: (width: number) => Promise<T>): PerWidth<T> {
  const made = new Map<number, Promise<T>>();
  return {
    at(width) {
      const one = made.get(width) ?? make(width);
      made.set(width, one);
      return one;
    },
    async all() {
      const settled = await Promise.allSettled(made.values());
      return settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    },
  };
}
