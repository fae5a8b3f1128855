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

  // ONNX reduces no booleans: as numbers, all is the minimum and any the maximum.
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

  for (const op of ['ArgMax', 'ArgMin']) {
    record(op, ({ x }, { axis }, { backend, recording: r }) => {
      const at = axisOf(axis, x!.shape.length);
      const name = r.one(op, [backend.name(x!)], { axis: at, keepdims: 0 });
      return backend.tensor(
        r.cast(name, 'int32'),
        x!.shape.filter((_, i) => i !== at),
        'int32',
      );
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

function reduced(
  op: string,
  x: Info,
  axis: number | number[] | null | undefined,
  keepDims: boolean,
  { backend, recording: r }: Context,
): Info {
  const rank = x.shape.length;
  const listed = axis === null || axis === undefined ? x.shape.map((_, i) => i) : [axis].flat();
  const axes = listed.map((i) => axisOf(i, rank));
  // To ONNX no axes means all axes.
  if (axes.length === 0) return backend.tensor(backend.name(x), x.shape, x.dtype);
  const shape = keepDims
    ? x.shape.map((size, i) => (axes.includes(i) ? 1 : size))
    : x.shape.filter((_, i) => !axes.includes(i));
  const mean = op === 'ReduceMean' && x.dtype !== 'float32';
  const input = mean ? r.cast(backend.name(x), 'float32') : backend.name(x);
  return backend.emit(op, [input, r.ints(axes)], shape, mean ? 'float32' : x.dtype, { keepdims: Number(keepDims) });
}
