import * as tf from '@tensorflow/tfjs-core';
import { MICROSOFT } from '../../onnx/model.ts';
import { sizeOf } from '../../values.ts';
import type { Info } from '../backend.ts';
import type { Recording } from '../recording.ts';
import { type Context, record } from './register.ts';

export function recordMatrixKernels(): void {
  record('BatchMatMul', ({ a, b }, { transposeA, transposeB }, context) =>
    product(a!, b!, transposeA, transposeB, context),
  );

  record('Softmax', ({ logits }, { dim }, { backend }) =>
    backend.emit('Softmax', [backend.name(logits!)], logits!.shape, 'float32', { axis: dim }),
  );

  record('LogSoftmax', ({ logits }, { axis }, { backend }) =>
    backend.emit('LogSoftmax', [backend.name(logits!)], logits!.shape, 'float32', { axis }),
  );

  record('AddN', (inputs, _, { backend }) => {
    const terms = Object.values(inputs);
    return backend.emit(
      'Sum',
      terms.map((term) => backend.name(term)),
      terms[0]!.shape,
      terms[0]!.dtype,
    );
  });
}

function product(a: Info, b: Info, transA: boolean, transB: boolean, { backend, recording: r }: Context): Info {
  const [left, right] = [a.shape.slice(0, -2), b.shape.slice(0, -2)];
  const batch = tf.broadcast_util.assertAndGetBroadcastShape(left, right);
  const shape = [...batch, a.shape.at(transA ? -1 : -2)!, b.shape.at(transB ? -2 : -1)!];
  const matrix = (x: Info) => (x.shape.length === 2 ? backend.name(x) : r.reshape(backend.name(x), x.shape.slice(-2)));
  if (sizeOf(batch) === 1) {
    const y = matrixProduct(matrix(a), matrix(b), transA, transB, shape.slice(-2) as [number, number], r);
    return backend.tensor(shape.length === 2 ? y : r.reshape(y, shape), shape);
  }
  const names = [backend.name(a), backend.name(b)];
  if (!transA && !transB) return backend.emit('MatMul', names, shape);
  const attributes = { transA: Number(transA), transB: Number(transB) };
  return backend.emit('FusedMatMul', names, shape, 'float32', attributes, MICROSOFT);
}

/** Ratio of rows to columns from which a product is computed transposed. */
const TALL = 8;

/**
 * The product of two matrices. If the left one is transposed and much larger, as in the weight gradient of a large head,
 * packing it dominates the time, so (bᵀ a)ᵀ is computed instead, which packs the small one.
 */
function matrixProduct(
  a: string,
  b: string,
  transA: boolean,
  transB: boolean,
  [rows, columns]: readonly [number, number],
  r: Recording,
): string {
  if (!transA && !transB) return r.one('MatMul', [a, b]);
  if (transA && !transB && rows >= TALL * columns) {
    const flipped = r.one('FusedMatMul', [b, a], { transA: 1, transB: 0 }, MICROSOFT);
    return r.one('Transpose', [flipped], { perm: [1, 0] });
  }
  return r.one('Gemm', [a, b], { transA: Number(transA), transB: Number(transB) });
}
