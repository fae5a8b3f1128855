import type { Specs, Tensors, Values } from '../types.ts';

/** An optimiser as a pair of pure functions. */
export interface Optimizer {
  readonly name: string;
  readonly config: Readonly<Record<string, number>>;
  /** The slots before the first step. */
  init(params: Specs | Values): Values;
  /**
   * One step, inside a program.
   *
   * @param grads parameters without a gradient keep their values and slots
   * @param touched int32 row ids of parameters of which only some rows have a gradient: only those rows and their slots
   *   are updated (the lazy variant of sparse optimisers); ids may repeat
   */
  update(grads: Tensors, slots: Tensors, params: Tensors, touched?: Tensors): { params: Tensors; slots: Tensors };
}
