import type { Specs, Tensors, Values } from '../types.ts';

/** An optimizer as a pair of pure functions. */
export interface Optimizer {
  /** Name of the algorithm, such as `adam`. */
  readonly name: string;
  /** Its options, with defaults filled in. */
  readonly config: Readonly<Record<string, number>>;
  /** The initial slots for some parameters. */
  init(params: Specs | Values): Values;
  /**
   * One optimization step, inside a program.
   *
   * @param grads gradients by parameter; parameters without a gradient keep their values and slots
   * @param touched parameter name -> int32 row ids, for parameters with gradients in these rows only: other rows and their
   *   slots are not updated (the lazy variant of sparse optimizers); ids may repeat
   */
  update(grads: Tensors, slots: Tensors, params: Tensors, touched?: Tensors): { params: Tensors; slots: Tensors };
}
