import './tfjs.ts';

export { checkTensors } from './arguments.ts';
export { type BackendOptions, useBackend } from './backends.ts';
export { type CompileOptions, compile } from './compile.ts';
export { stopGradient, valueAndGrad, withGradient } from './gradient.ts';
export { interpret } from './interpret.ts';
export { gelu, geluTanh, logSigmoid, softplus, swiglu } from './ops/activations.ts';
export { amax } from './ops/amax.ts';
export { attention } from './ops/attention.ts';
export { causalConvolution } from './ops/causal-convolution.ts';
export { dropout } from './ops/dropout.ts';
export { embedding, scatterAddRows } from './ops/embedding.ts';
export { layerNorm } from './ops/layer-norm.ts';
export { linear } from './ops/linear.ts';
export { maskedSoftmax } from './ops/masked-softmax.ts';
export { keyTensorValue, randomIntegers, randomUniform } from './ops/random.ts';
export { rmsNorm } from './ops/rms-norm.ts';
export { type RopeOptions, rope, ropeTables } from './ops/rope.ts';
export { rowDot, withOnes } from './ops/rows.ts';
export { softmaxCrossEntropy } from './ops/softmax-cross-entropy.ts';
export { allExcept, targetRanks } from './ops/target-ranks.ts';
export { type AdamOptions, adam } from './optimizers/adam.ts';
export type { Optimizer } from './optimizers/optimizer.ts';
export { preparePair } from './pair/prepare.ts';
export { type PrepareOptions, prepare } from './prepare.ts';
export { center, covariance, mainDirections, mainEigenvectors } from './principal-directions.ts';
export { rotationBetween } from './procrustes.ts';
export { describeSafetensors, type ReadOptions, readSafetensors, writeSafetensors } from './safetensors.ts';
export { float16Value } from './stored-types.ts';
export { pick, prefixed } from './tensors.ts';
export type {
  DType,
  Feed,
  Mode,
  PairFeed,
  PairResult,
  PairRunner,
  PairSpecs,
  Program,
  ProgramArgs,
  ProgramResult,
  ProgramSpecs,
  Runner,
  RunResult,
  Spec,
  Specs,
  Tensors,
  Value,
  Values,
} from './types.ts';
export { float32, fromTensor, int32, sizeOf, specsOf, toTensor, zeros } from './values.ts';
