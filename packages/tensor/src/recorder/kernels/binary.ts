import type { DType } from '../../types.ts';
import { broadcast, record } from './register.ts';

/** tfjs kernel, ONNX op, and the dtype of the result if it differs from that of the operands. */
const DIRECT: readonly (readonly [string, string, DType?])[] = [
  ['Add', 'Add'],
  ['Sub', 'Sub'],
  ['Multiply', 'Mul'],
  ['RealDiv', 'Div'],
  ['Maximum', 'Max'],
  ['Minimum', 'Min'],
  ['Pow', 'Pow'],
  ['Greater', 'Greater', 'bool'],
  ['GreaterEqual', 'GreaterOrEqual', 'bool'],
  ['Less', 'Less', 'bool'],
  ['LessEqual', 'LessOrEqual', 'bool'],
  ['Equal', 'Equal', 'bool'],
  ['LogicalAnd', 'And', 'bool'],
  ['LogicalOr', 'Or', 'bool'],
  ['LogicalXor', 'Xor', 'bool'],
];

export function recordBinaryKernels(): void {
  for (const [kernel, op, dtype] of DIRECT) {
    record(kernel, ({ a, b }, _, { backend }) =>
      backend.emit(op, [backend.name(a!), backend.name(b!)], broadcast(a!, b!), dtype ?? a!.dtype),
    );
  }

  record('NotEqual', ({ a, b }, _, { backend, recording: r }) =>
    backend.emit('Not', [r.one('Equal', [backend.name(a!), backend.name(b!)])], broadcast(a!, b!), 'bool'),
  );

  record('SquaredDifference', ({ a, b }, _, { backend, recording: r }) => {
    const difference = r.one('Sub', [backend.name(a!), backend.name(b!)]);
    return backend.emit('Mul', [difference, difference], broadcast(a!, b!), a!.dtype);
  });

  // tfjs rounds down and always returns int32; ONNX rounds integer division towards zero.
  record('FloorDiv', ({ a, b }, _, { backend, recording: r }) => {
    const [x, y] = [backend.name(a!), backend.name(b!)];
    const shape = broadcast(a!, b!);
    if (a!.dtype === 'float32')
      return backend.tensor(r.cast(r.one('Floor', [r.one('Div', [x, y])]), 'int32'), shape, 'int32');
    return backend.emit('Div', [r.one('Sub', [x, r.one('Mod', [x, y])]), y], shape, 'int32');
  });

  // The result has the sign of the divisor; ONNX defines this for integers only.
  record('Mod', ({ a, b }, _, { backend, recording: r }) => {
    const [x, y] = [backend.name(a!), backend.name(b!)];
    if (a!.dtype === 'int32') return backend.emit('Mod', [x, y], broadcast(a!, b!), 'int32');
    const whole = r.one('Mul', [r.one('Floor', [r.one('Div', [x, y])]), y]);
    return backend.emit('Sub', [x, whole], broadcast(a!, b!));
  });

  record('EluGrad', ({ dy, y }, _, { backend, recording: r }) => {
    const [d, value] = [backend.name(dy!), backend.name(y!)];
    const below = r.one('Mul', [d, r.one('Add', [value, r.float(1)])]);
    return backend.emit('Where', [r.one('GreaterOrEqual', [value, r.float(0)]), d, below], y!.shape);
  });
}
