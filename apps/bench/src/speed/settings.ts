import type { AgentConfig } from '@lea/agents';

/** What is measured: one training step of a recommender, with random data. */
export interface StepSettings {
  /** The agent with all its options, its encoder included. */
  readonly agent: AgentConfig;
  /** Size of the catalog. */
  readonly items: number;
  readonly batch: number;
  readonly window: number;
  readonly threads: number;
  /** Mini-batches per round. */
  readonly steps: number;
  /** Where our worker leaves weights and batches for a peer (safetensors). */
  readonly start?: string;
  /** Negative actions are fed, not drawn: two engines then see the same ones. Default false. */
  readonly fedNegatives?: boolean;
}

/** A training step that can be measured. */
export interface Rounds {
  /** Does the steps of a round and gives their losses. */
  round(): Promise<readonly number[]>;
  end(): Promise<void>;
}

/** What a worker says when it is ready. */
export interface Ready {
  readonly versions: Readonly<Record<string, string>>;
}

/** What a worker says after each round. */
export interface Round {
  /** Per step, over the round. */
  readonly ms: number;
  /** CPU time of all threads, per step. */
  readonly cpuMs: number;
  /** Most memory the process ever had, in MiB. */
  readonly peakMemoryMB: number;
  /** Of every step. */
  readonly losses: readonly number[];
}
