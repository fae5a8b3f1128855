export type { CurvePoint } from './checkpoint.ts';
export type { TrainEvent, TrainResult } from './events.ts';
export { type FittedFusion, type Fused, type FuseOptions, fitFusion, fuse } from './fuse.ts';
export { type MemoryTeacherOptions, memoryTeacher } from './memory-teacher.ts';
export type { TrainOptions } from './options.ts';
export { trainingProgram } from './program.ts';
export type { SamplerOptions } from './sampler.ts';
export { leaSignals, type SignalOptions, type Signals } from './signals.ts';
export { fit, train } from './train.ts';
