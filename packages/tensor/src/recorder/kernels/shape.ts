import * as tf from '@tensorflow/tfjs-core';
import { TYPE_CODE } from '../../onnx/model.ts';
import type { DType } from '../../types.ts';
import { sizeOf } from '../../values.ts';
import type { Info } from '../backend.ts';
import { axisOf, type Context, record } from './register.ts';

export function recordShapeKernels(): void {
  record('Identity', ({ x }, _, { backend }) => backend.tensor(backend.name(x!), x!.shape, x!.dtype));

  record('Reshape', ({ x }, { shape }, context) =>
    reshaped(x!, tf.util.inferFromImplicitShape(shape, sizeOf(x!.shape)), context),
  );

  record('ExpandDims', ({ input }, { dim }, context) => {
    const shape = [...input!.shape];
    shape.splice(dim < 0 ? shape.length + 1 + dim : dim, 0, 1);
    return reshaped(input!, shape, context);
  });

  record('Cast', ({ x }, { dtype }, { backend }) => {
    const to = dtype as DType;
    if (to === x!.dtype) return backend.tensor(backend.name(x!), x!.shape, to);
    return backend.emit('Cast', [backend.name(x!)], x!.shape, to, { to: TYPE_CODE[to] });
  });

  record('Transpose', ({ x }, { perm }, { backend }) => {
    const shape = perm.map((axis: number) => x!.shape[axis]);
    return backend.emit('Transpose', [backend.name(x!)], shape, x!.dtype, { perm });
  });

  record('Tile', ({ x }, { reps }, { backend, recording: r }) => {
    const shape = x!.shape.map((size, axis) => size * reps[axis]);
    return backend.emit('Tile', [backend.name(x!), r.ints(reps)], shape, x!.dtype);
  });

  record('BroadcastTo', ({ x }, { shape }, { backend, recording: r }) =>
    backend.emit('Expand', [backend.name(x!), r.ints(shape)], shape, x!.dtype),
  );

  record('Reverse', ({ x }, { dims }, { backend, recording: r }) => {
    const axes = (dims as number[]).map((axis) => axisOf(axis, x!.shape.length));
    if (axes.length === 0) return backend.tensor(backend.name(x!), x!.shape, x!.dtype);
    const all = (value: number) => r.ints(axes.map(() => value));
    const slice = [backend.name(x!), all(-1), all(-(2 ** 31)), r.ints(axes), all(-1)];
    return backend.emit('Slice', slice, x!.shape, x!.dtype);
  });

  const filled = (kernel: string, value: number) =>
    record(kernel, ({ x }, _, { backend, recording: r }) =>
      backend.tensor(r.filled(x!.dtype, x!.shape, value), x!.shape, x!.dtype),
    );
  filled('ZerosLike', 0);
  filled('OnesLike', 1);

  record('Fill', (_, { shape, value, dtype }, { backend, recording: r }) => {
    const type: DType = dtype ?? 'float32';
    return backend.tensor(r.filled(type, shape, value), shape, type);
  });

  record('Range', (_, { start, stop, step, dtype }, { backend, recording: r }) => {
    const type: DType = dtype ?? 'float32';
    const count = Math.max(0, Math.ceil((stop - start) / step));
    const Kind = type === 'int32' ? Int32Array : Float32Array;
    const values = Array.from({ length: count }, (_, i) => start + i * step);
    return backend.tensor(r.constant(type, [count], Kind.from(values)), [count], type);
  });
}

function reshaped(x: Info, shape: number[], { backend, recording }: Context): Info {
  if (shape.join() === x.shape.join()) return backend.tensor(backend.name(x), shape, x.dtype);
  return backend.tensor(recording.reshape(backend.name(x), shape), shape, x.dtype);
}
