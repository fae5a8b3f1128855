/** What is measured: one training step of a recommender, with random data. */
export interface StepSettings {
  readonly agent: string;
  readonly encoder: string;
  /** Size of the catalogue. */
  readonly items: number;
  readonly batch: number;
  readonly window: number;
  /** Columns of item vectors and states. */
  readonly size: number;
  readonly dropout: number;
  readonly threads: number;
  /** Mini-batches per round. */
  readonly steps: number;
}

/** What a worker says when it is ready. */
export interface Ready {
  readonly versions: Readonly<Record<string, string>>;
}

/** What a worker says after each round. */
export interface Round {
  /** Per step, over the round. */
  readonly ms: number;
  /** Most memory the process ever had, in MiB. */
  readonly peakMemoryMB: number;
  readonly loss: number;
}
