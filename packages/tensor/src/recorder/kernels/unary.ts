import type { Info } from '../backend.ts';
import { type Context, type KernelAttributes, record } from './register.ts';

const SAME_TYPE: readonly (readonly [string, string])[] = [
  ['Abs', 'Abs'],
  ['Neg', 'Neg'],
  ['Sign', 'Sign'],
  ['Relu', 'Relu'],
  ['LogicalNot', 'Not'],
];

/** ONNX defines these for floats only; tfjs converts integers to floats. */
const FLOAT: readonly (readonly [string, string])[] = [
  ['Exp', 'Exp'],
  ['Log', 'Log'],
  ['Sqrt', 'Sqrt'],
  ['Reciprocal', 'Reciprocal'],
  ['Sigmoid', 'Sigmoid'],
  ['Tanh', 'Tanh'],
  ['Softplus', 'Softplus'],
  ['Erf', 'Erf'],
  ['Sin', 'Sin'],
  ['Cos', 'Cos'],
  ['Elu', 'Elu'],
];

/** These are the identity on integers. */
const ROUNDING: readonly string[] = ['Floor', 'Ceil', 'Round'];

export function recordUnaryKernels(): void {
  for (const [kernel, op] of SAME_TYPE) {
    record(kernel, ({ x }, _, { backend }) => backend.emit(op, [backend.name(x!)], x!.shape, x!.dtype));
  }
  for (const [kernel, op] of FLOAT) {
    record(kernel, ({ x }, _, context) => context.backend.emit(op, [asFloat(x!, context)], x!.shape));
  }
  for (const op of ROUNDING) {
    record(op, ({ x }, _, { backend }) =>
      x!.dtype === 'int32'
        ? backend.tensor(backend.name(x!), x!.shape, 'int32')
        : backend.emit(op, [backend.name(x!)], x!.shape),
    );
  }
  recordComposed();
}

function recordComposed(): void {
  const composed = (kernel: string, f: (x: string, context: Context, attributes: KernelAttributes) => string) =>
    record(kernel, ({ x }, attributes, context) =>
      context.backend.tensor(f(asFloat(x!, context), context, attributes), x!.shape),
    );

  record('Square', ({ x }, _, { backend }) =>
    backend.emit('Mul', [backend.name(x!), backend.name(x!)], x!.shape, x!.dtype),
  );
  composed('Rsqrt', (x, { recording: r }) => r.one('Reciprocal', [r.one('Sqrt', [x])]));
  composed('Log1p', (x, { recording: r }) => r.one('Log', [r.one('Add', [x, r.float(1)])]));
  composed('Expm1', (x, { recording: r }) => r.one('Sub', [r.one('Exp', [x]), r.float(1)]));
  composed('Relu6', (x, { recording: r }) => r.one('Clip', [x, r.float(0), r.float(6)]));
  composed('LeakyRelu', (x, { recording: r }, { alpha }) => r.one('LeakyRelu', [x], { alpha: { float: alpha } }));
  composed('ClipByValue', (x, { recording: r }, { clipValueMin, clipValueMax }) =>
    r.one('Clip', [x, r.float(clipValueMin), r.float(clipValueMax)]),
  );
  // 1 for positive numbers, `alpha` (0 in the gradient of relu) for the others. A Where takes three times as long as a Cast.
  composed('Step', (x, { recording: r }, { alpha = 0 }) => {
    const positive = r.one('Greater', [x, r.float(0)]);
    return alpha === 0 ? r.cast(positive, 'float32') : r.one('Where', [positive, r.float(1), r.float(alpha)]);
  });

  record('IsNan', ({ x }, _, { backend }) => backend.emit('IsNaN', [backend.name(x!)], x!.shape, 'bool'));
  record('IsInf', ({ x }, _, { backend }) => backend.emit('IsInf', [backend.name(x!)], x!.shape, 'bool'));
  record('IsFinite', ({ x }, _, { backend, recording: r }) => {
    const size = r.one('Abs', [backend.name(x!)]);
    return backend.emit('Less', [size, r.float(Number.POSITIVE_INFINITY)], x!.shape, 'bool');
  });
}

function asFloat(x: Info, { backend, recording }: Context): string {
  const name = backend.name(x);
  return x.dtype === 'float32' ? name : recording.cast(name, 'float32');
}
