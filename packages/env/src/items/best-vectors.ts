import { finiteLoss } from '../shared/steps.ts';

/** The best vector of each item of a batch, found step by step: an item whose steps gain too little is done. */
export class BestVectors {
  readonly #vectors: Float32Array;
  readonly #losses: Float64Array;
  readonly #tolerance: number;
  readonly #open: Set<number>;

  /**
   * @param vectors [items, width]: the best ones are written there
   * @param tolerance an item is done when its smallest loss has fallen by less than this share
   */
  constructor(vectors: Float32Array, items: number, tolerance: number) {
    this.#vectors = vectors;
    this.#losses = new Float64Array(items).fill(Number.POSITIVE_INFINITY);
    this.#tolerance = tolerance;
    this.#open = new Set(this.#losses.keys());
  }

  get allDone(): boolean {
    return this.#open.size === 0;
  }

  /** The smallest losses of the items, summed. */
  get loss(): number {
    return this.#losses.reduce((a, b) => a + b, 0);
  }

  /**
   * Takes up what some steps found. Items that are done stay as they are, whatever the others in the batch still need.
   *
   * @param losses [steps, batch]; the batch begins with the items
   * @param vectors those that have these losses, [steps, batch, width]
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
