/** What can be evaluated: a policy, which the peer has too, or a baseline, which is counted anew in every round. */
export const scorers = ['policy', 'co-occurrence', 'co-occurrence-text', 'text-similarity'] as const;

/** Settings of a process that evaluates a scorer on a random log. */
export interface EvalSettings {
  readonly scorer: (typeof scorers)[number];
  /** Size of the catalog. */
  readonly items: number;
  /** Histories per batch. */
  readonly batch: number;
  readonly threads: number;
  /** Batches per round. */
  readonly steps: number;
  /** Safetensors file to which our worker writes states, item matrix and targets for the peer. */
  readonly start?: string;
}
