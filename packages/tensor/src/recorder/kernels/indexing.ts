import type { DType } from '../../types.ts';
import { sizeOf } from '../../values.ts';
import type { Info } from '../backend.ts';
import { axisOf, type Context, record } from './register.ts';

export function recordIndexingKernels(): void {
  record('GatherV2', ({ x, indices }, { axis, batchDims = 0 }, context) => {
    const { backend, recording: r } = context;
    const at = axisOf(axis, x!.shape.length);
    const shape = [...x!.shape.slice(0, at), ...indices!.shape.slice(batchDims), ...x!.shape.slice(at + 1)];
    if (batchDims === 0)
      return backend.emit('Gather', [backend.name(x!), backend.name(indices!)], shape, x!.dtype, { axis: at });
    if (batchDims === at)
      return backend.emit('GatherND', [backend.name(x!), lastAxis(indices!, context)], shape, x!.dtype, {
        batch_dims: batchDims,
      });
    // Move the gathered axis behind the batch axes, and back afterwards.
    const rank = x!.shape.length;
    const perm = [...range(batchDims), at, ...range(rank).filter((i) => i >= batchDims && i !== at)];
    const moved = r.one('Transpose', [backend.name(x!)], { perm });
    const gathered = r.one('GatherND', [moved, lastAxis(indices!, context)], { batch_dims: batchDims });
    const picked = indices!.shape.length - batchDims;
    const between = at - batchDims;
    const total = shape.length;
    const back = [
      ...range(batchDims),
      ...range(between).map((i) => batchDims + picked + i),
      ...range(picked).map((i) => batchDims + i),
      ...range(total).slice(batchDims + picked + between),
    ];
    return backend.emit('Transpose', [gathered], shape, x!.dtype, { perm: back });
  });

  record('GatherNd', ({ params, indices }, _, { backend, recording: r }) => {
    const depth = indices!.shape.at(-1)!;
    const shape = [...indices!.shape.slice(0, -1), ...params!.shape.slice(depth)];
    return backend.emit(
      'GatherND',
      [backend.name(params!), r.cast(backend.name(indices!), 'int64')],
      shape,
      params!.dtype,
    );
  });

  record('ScatterNd', ({ indices, updates }, { shape }, { backend, recording: r }) => {
    const depth = indices!.shape.at(-1)!;
    const rows = sizeOf(indices!.shape) / depth;
    const width = sizeOf(shape.slice(depth));
    const index = r.reshape(r.cast(backend.name(indices!), 'int64'), [rows, depth]);
    const added = r.reshape(backend.name(updates!), [rows, ...shape.slice(depth)]);
    const sum = r.scatterAdd(r.filled(updates!.dtype, shape, 0), index, added, rows, width);
    return backend.tensor(sum, shape, updates!.dtype);
  });

  record('TensorScatterUpdate', ({ tensor, indices, updates }, _, { backend, recording: r }) => {
    const inputs = [backend.name(tensor!), r.cast(backend.name(indices!), 'int64'), backend.name(updates!)];
    return backend.emit('ScatterND', inputs, tensor!.shape, tensor!.dtype);
  });

  record('UnsortedSegmentSum', ({ x, segmentIds }, { numSegments }, context) => {
    const { backend, recording: r } = context;
    const shape = [numSegments, ...x!.shape.slice(1)];
    const rows = x!.shape[0]!;
    const zeros = r.filled(x!.dtype, shape, 0);
    const sum = r.scatterAdd(zeros, lastAxis(segmentIds!, context), backend.name(x!), rows, sizeOf(shape.slice(1)));
    return backend.tensor(sum, shape, x!.dtype);
  });

  record('OneHot', ({ indices }, { depth, onValue, offValue, dtype }, { backend, recording: r }) => {
    const type: DType = dtype ?? 'int32';
    // In tfjs an index out of range gives a row of `offValue`; ONNX counts negative indices from the end.
    const index = r.cast(backend.name(indices!), 'int64');
    const inside = r.one('Where', [r.one('Less', [index, r.int64(0)]), r.int64(depth), index]);
    // ONNX Runtime supports only float rows.
    const values = r.constant('float32', [2], Float32Array.of(offValue, onValue));
    const rows = r.one('OneHot', [inside, r.int64(depth), values], { axis: -1 });
    return backend.tensor(type === 'float32' ? rows : r.cast(rows, type), [...indices!.shape, depth], type);
  });

  record('Select', ({ condition, t, e }, _, { backend, recording: r }) => {
    let name = backend.name(condition!);
    // A vector of conditions selects whole rows.
    const extra = t!.shape.length - condition!.shape.length;
    if (extra > 0 && condition!.shape.length === 1)
      name = r.reshape(name, [condition!.shape[0]!, ...t!.shape.slice(1).map(() => 1)]);
    return backend.emit('Where', [name, backend.name(t!), backend.name(e!)], t!.shape, t!.dtype);
  });
}

/** Indices as int64 with a last axis of size 1, as GatherND and ScatterND expect them. */
function lastAxis(indices: Info, { backend, recording: r }: Context): string {
  return r.reshape(r.cast(backend.name(indices), 'int64'), [...indices.shape, 1]);
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}
