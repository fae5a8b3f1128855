import { recordBinaryKernels } from './binary.ts';
import { recordIndexingKernels } from './indexing.ts';
import { recordMatrixKernels } from './matrix.ts';
import { recordReduceKernels } from './reduce.ts';
import { recordShapeKernels } from './shape.ts';
import { recordSliceKernels } from './slices.ts';
import { recordUnaryKernels } from './unary.ts';

/** Registers every tfjs kernel that can be recorded. */
export function registerRecordedKernels(): void {
  recordBinaryKernels();
  recordUnaryKernels();
  recordShapeKernels();
  recordSliceKernels();
  recordIndexingKernels();
  recordReduceKernels();
  recordMatrixKernels();
}
