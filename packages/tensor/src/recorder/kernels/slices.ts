import * as tf from '@tensorflow/tfjs-core';
import { sizeOf } from '../../values.ts';
import { axisOf, record } from './register.ts';

/** Elements from which on rows are copied by a Gather, which uses all threads, and not by a Slice, which uses one. */
const LONG_ROW = 1024;

export function recordSliceKernels(): void {
  record('Concat', (inputs, { axis }, { backend }) => {
    const parts = Object.values(inputs);
    const at = axisOf(axis, parts[0]!.shape.length);
    const shape = [...parts[0]!.shape];
    shape[at] = parts.reduce((size, part) => size + part.shape[at]!, 0);
    const names = parts.map((part) => backend.name(part));
    return backend.emit('Concat', names, shape, parts[0]!.dtype, { axis: at });
  });

  record('Pack', (inputs, { axis }, { backend, recording: r }) => {
    const parts = Object.values(inputs);
    const at = axisOf(axis, parts[0]!.shape.length + 1);
    const shape = [...parts[0]!.shape];
    shape.splice(at, 0, parts.length);
    const names = parts.map((part) => r.one('Unsqueeze', [backend.name(part), r.ints([at])]));
    return backend.emit('Concat', names, shape, parts[0]!.dtype, { axis: at });
  });

  record('Unpack', ({ value }, { axis }, { backend, recording: r }) => {
    const at = axisOf(axis, value!.shape.length);
    const count = value!.shape[at]!;
    const shape = value!.shape.filter((_, i) => i !== at);
    const name = backend.name(value!);
    return Array.from({ length: count }, (_, i) =>
      backend.emit('Gather', [name, r.int64(i)], shape, value!.dtype, { axis: at }),
    );
  });

  record('SplitV', ({ x }, { numOrSizeSplits, axis }, { backend, recording: r }) => {
    const at = axisOf(axis, x!.shape.length);
    const info = { shape: x!.shape } as tf.Tensor;
    const sizes = tf.backend_util.prepareSplitSize(info, numOrSizeSplits, at);
    const names = r.add('Split', [backend.name(x!), r.ints(sizes)], { axis: at }, '', sizes.length);
    return names.map((name, i) =>
      backend.tensor(
        name,
        x!.shape.map((size, j) => (j === at ? sizes[i]! : size)),
        x!.dtype,
      ),
    );
  });

  record('Slice', ({ x }, { begin, size }, { backend, recording: r }) => {
    const [from, sizes] = tf.slice_util.parseSliceParams({ shape: x!.shape } as tf.Tensor, begin, size);
    const wholeRows = sizes!.every((count, axis) => axis === 0 || count === x!.shape[axis]);
    if (wholeRows && sizeOf(x!.shape.slice(1)) >= LONG_ROW) {
      const rows = r.ints(Array.from({ length: sizes![0]! }, (_, i) => from![0]! + i));
      return backend.emit('Gather', [backend.name(x!), rows], sizes!, x!.dtype, { axis: 0 });
    }
    const inputs = [backend.name(x!), r.ints(from!), r.ints(from!.map((start, i) => start + sizes![i]!))];
    return backend.emit('Slice', inputs, sizes!, x!.dtype);
  });

  record('StridedSlice', ({ x }, attrs, { backend, recording: r }) => {
    const { begin, end, strides, beginMask, endMask, ellipsisMask, newAxisMask, shrinkAxisMask } = attrs;
    const info = tf.slice_util.sliceInfo(
      x!.shape,
      begin,
      end,
      strides,
      beginMask,
      endMask,
      ellipsisMask,
      newAxisMask,
      shrinkAxisMask,
    );
    // A backward slice to the first element needs an end before index 0, which ONNX would count from the back.
    const ends = info.end.map((stop, i) => (info.strides[i]! < 0 && stop < 0 ? -(2 ** 31) : stop));
    const axes = r.ints(ends.map((_, axis) => axis));
    const name = r.one('Slice', [backend.name(x!), r.ints(info.begin), r.ints(ends), axes, r.ints(info.strides)]);
    return backend.tensor(r.reshape(name, info.finalShape), info.finalShape, x!.dtype);
  });

  record('PadV2', ({ x }, { paddings, constantValue = 0 }, { backend, recording: r }) => {
    const pads = paddings as [number, number][];
    const shape = x!.shape.map((size, i) => size + pads[i]![0] + pads[i]![1]);
    const value =
      x!.dtype === 'float32' ? r.float(constantValue) : r.constant(x!.dtype, [], Int32Array.of(constantValue));
    const amounts = r.ints([...pads.map(([before]) => before), ...pads.map(([, after]) => after)]);
    return backend.emit('Pad', [backend.name(x!), amounts, value], shape, x!.dtype);
  });
}
