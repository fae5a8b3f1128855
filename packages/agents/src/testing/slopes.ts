import { type Tensors, toTensor, type Values, valueAndGrad } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { historyValues } from './decisions.ts';
import { type EncoderContext, weighedStates } from './encoder-context.ts';
import { tensors, tidied, valuesOf } from './tensors.ts';
import { violation } from './violation.ts';

/** Steps along a direction, as shares of the parameter's length: a kink may lie within the larger one. */
const STEPS = [0.002, 0.0004];

/** Share of the gradient's length by which a slope may differ from the one of finite differences. */
const TOLERANCE = 0.05;

const histories = [[3, 1, 4, 1, 5], [2, 7], [8], [0, 5, 0]];

/**
 * Gradients of the passes are those of finite differences. Some ops of tfjs have wrong gradients, and so may fused ops with
 * gradients written by hand: then a model trains, but badly.
 */
export function slopes(context: EncoderContext): void {
  const { shape, params, supervised, settings } = context;
  const given = historyValues(histories, shape);
  const loss = (own: Tensors) => weighedStates(context, own, tensors(given), tensors(supervised.frozen));
  const grads = tidied(() => valuesOf(valueAndGrad((own) => ({ loss: loss(own) }), tensors(params)).grads));
  for (const [name, { data: gradient }] of Object.entries(grads)) {
    if (settings.still.includes(name)) continue;
    const length = lengthOf(gradient);
    for (const direction of [gradient, Float32Array.from(gradient, (_, i) => Math.sin(i + 1))]) {
      const unit = Float32Array.from(direction, (one) => one / (lengthOf(direction) || 1));
      const slope = unit.reduce((sum, one, i) => sum + one * gradient[i]!, 0);
      const measured = STEPS.map((step) => measuredSlope(loss, params, name, unit, step));
      const off = Math.min(...measured.map((one) => Math.abs(one - slope)));
      if (off <= TOLERANCE * length + 1e-3) continue;
      throw violation(
        `The gradient of "${name}" differs from finite differences: ${slope.toPrecision(3)} along a direction, not ${measured[0]!.toPrecision(3)}.`,
        'An op has a wrong gradient: see "Rules for programs" in docs/extend.md, or check an op with a gradient of your own.',
        off / length,
      );
    }
  }
}

function measuredSlope(
  loss: (own: Tensors) => tf.Scalar,
  params: Values,
  name: string,
  unit: Float32Array,
  share: number,
): number {
  const own = params[name]!;
  const step = share * Math.max(0.1, lengthOf(own.data));
  const at = (by: number) =>
    tf.tidy(() => {
      const data = Float32Array.from(own.data, (one, i) => one + by * unit[i]!);
      return loss({ ...tensors(params), [name]: toTensor({ ...own, data }) }).dataSync()[0]!;
    });
  return (at(step) - at(-step)) / (2 * step);
}

function lengthOf(data: ArrayLike<number>): number {
  return Math.sqrt(Array.from(data).reduce((sum, one) => sum + one * one, 0));
}
