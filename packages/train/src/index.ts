export type { TrainEvent, TrainEventDetails, TrainResult } from './events.ts';
export { trainSchema } from './fit-schema.ts';
export {
  type FittedFusion,
  type Fused,
  type FuseOptions,
  type FusionEvent,
  fitFusion,
  fuse,
  fuseSchema,
} from './fuse.ts';
export { checkMetric } from './metric.ts';
export type { TrainOptions } from './options.ts';
export type { CurvePoint } from './run-state.ts';
export { type MemoryTeacherOptions, memoryTeacher, memoryTeacherSchema } from './signals/memory-teacher.ts';
export { mixSignals } from './signals/mix-signals.ts';
export {
  type SignalOptions,
  type SignalParts,
  type Signals,
  signalPartsSchema,
  signalSchema,
} from './signals/options.ts';
export { leaSignals } from './signals/signals.ts';
export { trainingProgram } from './steps/program.ts';
export { rowsPerEpoch, type SamplerOptions } from './steps/sampler.ts';
export { fit } from './train.ts';
