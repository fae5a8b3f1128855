import { sizeOf } from '../../values.ts';
import type { Info } from '../backend.ts';
import { axisOf, type Context, record } from './register.ts';

export function recordReduceKernels(): void {
  for (const [kernel, op] of [
    ['Sum', 'ReduceSum'],
    ['Mean', 'ReduceMean'],
    ['Max', 'ReduceMax'],
    ['Min', 'ReduceMin'],
    ['Prod', 'ReduceProd'],
  ] as const) {
    record(kernel, ({ x }, { axis, reductionIndices = axis, keepDims = false }, context) =>
      reduced(op, x!, reductionIndices, keepDims, context),
    );
  }

  // ONNX cannot reduce booleans. As integers, `all` is the minimum and `any` the maximum.
  for (const [kernel, op] of [
    ['All', 'ReduceMin'],
    ['Any', 'ReduceMax'],
  ] as const) {
    record(kernel, ({ x }, { axis, keepDims = false }, context) => {
      const { backend, recording: r } = context;
      const numbers = backend.tensor(r.cast(backend.name(x!), 'int32'), x!.shape, 'int32');
      const result = reduced(op, numbers, axis, keepDims, context);
      return backend.tensor(r.cast(backend.name(result), 'bool'), result.shape, 'bool');
    });
  }

  for (const op of ['ArgMax', 'ArgMin'] as const) {
    record(op, ({ x }, { axis }, context) => {
      const { backend, recording: r } = context;
      const at = axisOf(axis, x!.shape.length);
      const shape = x!.shape.filter((_, i) => i !== at);
      const wide = x!.dtype === 'float32' && x!.shape.length === 2 && at === 1 && x!.shape[1]! >= 4 * BLOCK;
      const name =
        op === 'ArgMax' && wide ? wideArgMax(x!, context) : r.one(op, [backend.name(x!)], { axis: at, keepdims: 0 });
      return backend.tensor(r.cast(name, 'int32'), shape, 'int32');
    });
  }

  record('Cumsum', ({ x }, { axis, exclusive, reverse }, { backend, recording: r }) => {
    const attributes = { exclusive: Number(exclusive), reverse: Number(reverse) };
    return backend.emit(
      'CumSum',
      [backend.name(x!), r.int64(axisOf(axis, x!.shape.length))],
      x!.shape,
      x!.dtype,
      attributes,
    );
  });

  record('TopK', ({ x }, { k, sorted = true }, { backend, recording: r }) => {
    const shape = [...x!.shape.slice(0, -1), k];
    // ONNX Runtime sorts floats and int64, not int32.
    const whole = x!.dtype === 'int32';
    const input = whole ? r.cast(backend.name(x!), 'int64') : backend.name(x!);
    const [values, indices] = r.add('TopK', [input, r.ints([k])], { axis: -1, sorted: Number(sorted) }, '', 2);
    return [
      backend.tensor(whole ? r.cast(values!, 'int32') : values!, shape, x!.dtype),
      backend.tensor(r.cast(indices!, 'int32'), shape, 'int32'),
    ];
  });
}

/** Number of columns per block of `wideArgMax`. */
const BLOCK = 64;

/**
 * ArgMax over the columns of a wide matrix, int64 [rows]. The ArgMax of ONNX Runtime compares one number at a time. The
 * maximum of each block of columns is found much faster, and then only the best block is searched. Ties go to the first
 * column, as in ArgMax.
 */
function wideArgMax(x: Info, { backend, recording: r }: Context): string {
  const [rows, columns] = x.shape as [number, number];
  const blocks = Math.ceil(columns / BLOCK);
  const argMax = (name: string) => r.one('ArgMax', [name], { axis: 1, keepdims: 1 });
  const add = (a: string, b: string) => r.one('Add', [a, b]);
  const pooled = r.one('MaxPool', [r.reshape(backend.name(x), [1, rows, columns])], {
    kernel_shape: [BLOCK],
    strides: [BLOCK],
    ceil_mode: 1,
  });
  const start = r.one('Mul', [argMax(r.reshape(pooled, [rows, blocks])), r.int64(BLOCK)]);
  const slots = r.ints(Array.from({ length: BLOCK }, (_, i) => i));
  // Positions after the last column repeat it; as ties go to the first position, this does not change the result.
  const inside = r.one('Min', [add(start, slots), r.int64(columns - 1)]);
  const rowStarts = r.reshape(r.ints(Array.from({ length: rows }, (_, i) => i * columns)), [rows, 1]);
  const block = r.one('Gather', [r.reshape(backend.name(x), [rows * columns]), add(inside, rowStarts)], { axis: 0 });
  return r.reshape(add(start, argMax(block)), [rows]);
}

function reduced(
  op: string,
  x: Info,
  axis: number | number[] | null | undefined,
  keepDims: boolean,
  context: Context,
): Info {
  const { backend, recording: r } = context;
  const rank = x.shape.length;
  const listed = axis === null || axis === undefined ? x.shape.map((_, i) => i) : [axis].flat();
  const axes = listed.map((i) => axisOf(i, rank));
  // In ONNX an empty list of axes means all axes.
  if (axes.length === 0) return backend.tensor(backend.name(x), x.shape, x.dtype);
  const shape = keepDims
    ? x.shape.map((size, i) => (axes.includes(i) ? 1 : size))
    : x.shape.filter((_, i) => !axes.includes(i));
  const keepsLast = axes.length === rank - 1 && !axes.includes(rank - 1);
  if (op === 'ReduceSum' && keepsLast && x.dtype === 'float32' && sizeOf(x.shape) > 0)
    return columnSums(x, shape, context);
  const mean = op === 'ReduceMean' && x.dtype !== 'float32';
  const input = mean ? r.cast(backend.name(x), 'float32') : backend.name(x);
  return backend.emit(op, [input, r.ints(axes)], shape, mean ? 'float32' : x.dtype, { keepdims: Number(keepDims) });
}

/** Sums over all axes but the last one, as a product with ones: a ReduceSum takes about four times as long. */
function columnSums(x: Info, shape: number[], { backend, recording: r }: Context): Info {
  const rows = sizeOf(x.shape.slice(0, -1));
  const matrix = r.reshape(backend.name(x), [rows, x.shape.at(-1)!]);
  const sums = r.one('MatMul', [r.filled('float32', [1, rows], 1), matrix]);
  return backend.tensor(r.reshape(sums, shape), shape);
}
