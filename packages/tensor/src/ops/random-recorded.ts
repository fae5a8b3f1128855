import type * as tf from '@tensorflow/tfjs-core';
import { currentRecording, nameOf } from '../recorder/emit.ts';
import type { Recording } from '../recorder/recording.ts';

/** `randomBits` of @lea/core for counters 0..count-1 as ONNX nodes; int32 products wrap like Math.imul. */
export function recordedBits(key: tf.Tensor, [s0, s1]: readonly [number, number], count: number): string {
  const r = currentRecording();
  const word = (index: number) => r.one('Gather', [nameOf(key), r.int64(index)]);
  const a = r.one('BitwiseXor', [word(0), r.int32(s0)]);
  const b = r.one('Add', [word(1), r.int32(s1)]);
  const counter = r.one('Range', [r.int32(0), r.int32(count), r.int32(1)]);
  let x = r.one('BitwiseXor', [counter, a]);
  x = r.one('Add', [times(r, shiftXor(r, x, 17), 0xed5ad4bb), b]);
  x = times(r, shiftXor(r, x, 11), 0xac4c1b51);
  x = times(r, shiftXor(r, x, 15), 0x31848bab);
  return shiftXor(r, x, 14);
}

/** The top 24 bits as a fraction in [0, 1). */
export function recordedUniform(key: tf.Tensor, words: readonly [number, number], shape: readonly number[]): string {
  const r = currentRecording();
  const bits = recordedBits(
    key,
    words,
    shape.reduce((a, b) => a * b, 1),
  );
  const top = r.one('BitShift', [r.cast(bits, 'uint32'), r.uint32(8)], { direction: 'RIGHT' });
  const fraction = r.one('Mul', [r.cast(top, 'float32'), r.float(2 ** -24)]);
  return r.reshape(fraction, shape);
}

/** x ^ (x >>> bits); ONNX shifts unsigned integers only. */
function shiftXor(r: Recording, x: string, bits: number): string {
  const unsigned = r.cast(x, 'uint32');
  const shifted = r.one('BitShift', [unsigned, r.uint32(bits)], { direction: 'RIGHT' });
  return r.cast(r.one('BitwiseXor', [unsigned, shifted]), 'int32');
}

function times(r: Recording, x: string, factor: number): string {
  return r.one('Mul', [x, r.int32(factor | 0)]);
}
