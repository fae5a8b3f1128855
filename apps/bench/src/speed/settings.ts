import type { AgentConfig } from '@lea/agents';

/** Settings of a measured training step of a recommender on random data. */
export interface StepSettings {
  /** The agent with its encoder and all options. */
  readonly agent: AgentConfig;
  /** Size of the catalog. */
  readonly items: number;
  readonly batch: number;
  readonly window: number;
  readonly threads: number;
  /** Mini-batches per round. */
  readonly steps: number;
  /** Safetensors file to which our worker writes weights and batches for a peer. */
  readonly start?: string;
  /** Whether negative actions are inputs instead of being drawn, so that two engines use the same ones. Default: false. */
  readonly fedNegatives?: boolean;
}

/** A training step that can be measured. */
export interface Rounds {
  /** Runs the steps of a round and returns their losses. */
  round(): Promise<readonly number[]>;
  end(): Promise<void>;
}

/** The message of a worker that is ready. */
export interface Ready {
  readonly versions: Readonly<Record<string, string>>;
}

/** The message of a worker after each round. */
export interface Round {
  /** Wall-clock time per step, mean over the round. */
  readonly ms: number;
  /** CPU time of all threads per step. */
  readonly cpuMs: number;
  /** Maximum memory of the process so far, in MiB. */
  readonly peakMemoryMB: number;
  /** The loss of every step. */
  readonly losses: readonly number[];
}
