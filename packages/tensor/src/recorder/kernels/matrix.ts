import { MICROSOFT } from '../../onnx/model.ts';
import { sizeOf } from '../../values.ts';
import type { Info } from '../backend.ts';
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
  const batch = sizeOf(left) >= sizeOf(right) ? left : right;
  const shape = [...batch, a.shape.at(transA ? -1 : -2)!, b.shape.at(transB ? -2 : -1)!];
  const attributes = { transA: Number(transA), transB: Number(transB) };
  const matrix = (x: Info) => (x.shape.length === 2 ? backend.name(x) : r.reshape(backend.name(x), x.shape.slice(-2)));
  // One product of two matrices: Gemm transposes for free, and MatMul is the fastest plain product.
  if (sizeOf(batch) === 1) {
    const inputs = [matrix(a), matrix(b)];
    const y = transA || transB ? r.one('Gemm', inputs, attributes) : r.one('MatMul', inputs);
    return backend.tensor(shape.length === 2 ? y : r.reshape(y, shape), shape);
  }
  const names = [backend.name(a), backend.name(b)];
  if (!transA && !transB) return backend.emit('MatMul', names, shape);
  return backend.emit('FusedMatMul', names, shape, 'float32', attributes, MICROSOFT);
}
