import { finiteLoss } from '../shared/steps.ts';

/** Tracks the best vector of each item of a batch. An item is done when its loss hardly improves any more. */
export class BestVectors {
  readonly #vectors: Float32Array;
  readonly #losses: Float64Array;
  readonly #tolerance: number;
  readonly #open: Set<number>;

  /**
   * @param vectors [items, width], updated in place with the best vectors
   * @param tolerance an item is done when its smallest loss falls by less than this share
   */
  constructor(vectors: Float32Array, items: number, tolerance: number) {
    this.#vectors = vectors;
    this.#losses = new Float64Array(items).fill(Number.POSITIVE_INFINITY);
    this.#tolerance = tolerance;
    this.#open = new Set(this.#losses.keys());
  }

  /** Whether all items are done. */
  get allDone(): boolean {
    return this.#open.size === 0;
  }

  /** Sum of the smallest losses of the items. */
  get loss(): number {
    return this.#losses.reduce((a, b) => a + b, 0);
  }

  /**
   * Updates the best vectors with the results of some steps. Items that are done are not changed, so that an item's result
   * does not depend on the rest of the batch.
   *
   * @param losses [steps, batch]; the items come first in the batch
   * @param vectors the vectors with these losses, [steps, batch, width]
   * @throws LeaError `E_LOSS_NOT_FINITE`
   */
  take(losses: Float32Array, vectors: Float32Array, steps: number): void {
    const batch = losses.length / steps;
    const width = vectors.length / losses.length;
    for (const item of this.#open) {
      const before = this.#losses[item]!;
      const found = Float32Array.from({ length: steps }, (_, step) => losses[step * batch + item]!);
      finiteLoss(found, 'item tokens');
      found.forEach((loss, step) => {
        if (!(loss < this.#losses[item]!)) return;
        this.#losses[item] = loss;
        const at = (step * batch + item) * width;
        this.#vectors.set(vectors.subarray(at, at + width), item * width);
      });
      const now = this.#losses[item]!;
      if (before - now < this.#tolerance * now) this.#open.delete(item);
    }
  }
}
