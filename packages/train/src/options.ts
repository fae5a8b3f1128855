import type { Agent, Fusion, Memory, Policy, Shape } from '@lea/agents';
import type { CheckedRewards, Rewards, Transitions } from '@lea/data';
import type { Value, Values } from '@lea/tensor';
import type { Signals } from './signals/options.ts';
import type { SamplerOptions } from './steps/sampler.ts';
import type { WarmStart } from './warm-start/warm-start.ts';

/** Options of `fit`. */
export interface TrainOptions {
  /** The agent to train: encoder, heads and losses, e.g. `snqn({ encoder: sasrec() })`. */
  agent: Agent;
  /** Logged decisions to learn from. */
  train: Transitions;
  /** Logged decisions for early stopping, none of them in `train`. */
  validation: Transitions;
  /**
   * A number per kind of event, such as `{ click: 0.2, purchase: 1 }` in the papers, or `logged` for the log's own rewards. Losses
   * are made for rewards of about 0 to 1; scale larger ones when the log is read.
   */
  rewards: Rewards;
  /**
   * Number of recent events that the agent reads of a history. Longer: more context, slower steps. A memory reads its own
   * `window`, but with fusion `joint` no more than this. Default: 10.
   */
  window?: number | undefined;
  /** Number of rows per step, at most all. Larger: steadier gradients, fewer updates per epoch. Default: 256. */
  batch?: number | undefined;
  /**
   * How rows are drawn: each once an epoch (`permutation`), at random (`independent`), or whole histories (`sequences`). The
   * papers draw at random. Default: `{ type: 'permutation' }`.
   */
  sampler?: SamplerOptions | undefined;
  /** Seed of weights, batches, negatives, dropout and coins. Default: 0. */
  seed?: number | undefined;
  /**
   * Number of steps between two validations. Lower: a finer choice of the best step, more time spent on validation. Default:
   * half an epoch of updates per network, at least 50. These are twice as many steps when two networks take turns.
   */
  evaluateEvery?: number | undefined;
  /**
   * Number of validations without a new best before a phase ends. Higher: later, surer stopping. Default: 8 for an encoder with
   * tied weights (it starts high and dips before it rises), else 4 for supervised and 3 for RL agents.
   */
  patience?: number | undefined;
  /**
   * Maximum number of steps per phase, which otherwise ends by early stopping or with the steps of the agent. It may be raised
   * on a run that has a checkpoint: the run continues as if it had had the larger one from the start. Default: Infinity.
   */
  maxSteps?: number | undefined;
  /** Validation metric that early stopping maximizes. Default: `ndcg@10`, over all events. */
  metric?: string | undefined;
  /**
   * Items that validation leaves out of the ranking, as `exclude` of `evaluate` does: `seen` for those of the user's whole
   * history, except the chosen one. Give the value that the test uses. Default: `none`.
   */
  exclude?: 'none' | 'seen' | undefined;
  /**
   * A trained policy to start from, by `fit` or `loadPolicy`. The agent has the policy's type, its encoder the policy's options;
   * learning rates and losses may differ. Items are mapped by id: new ones start from their text (encoders with
   * `itemInput: 'text-init'`) or from the mean of the others, and items that are gone are dropped. All networks of the agent start
   * from these weights, with a fresh optimizer. The weights are validated before the first step, so the first phase ends at least
   * as good on validation; a later phase has a selection of its own. The policy's memory is not read: give one that is counted
   * anew. Default: none, weights are random.
   */
  init?: Policy | undefined;
  /**
   * Signals of a language-model environment for the train rows, see `leaSignals`. Several agents may share them, and each reads
   * what its loss needs: `ce` only targets with their weights, agents with a Q head also both kinds of rewards. Default: none.
   */
  signals?: Signals | undefined;
  /**
   * A counting memory of the train rows that the policy gets, by `countingMemory`. It costs nothing in training but
   * with `fusion: 'joint'`, and little in serving. Default: none.
   */
  memory?: Memory | undefined;
  /**
   * The memory joins `after` training, after it as a `mixture` of probabilities, or during it (`joint`). The first two fit the
   * weight of the network on validation; with `joint` the network learns what the memory leaves. See `Fusion`. Default: `after`.
   */
  fusion?: Fusion['form'] | undefined;
  /** Text vectors of the items, float32 [N, D], for encoders that read them. Default: none. */
  text?: Value | undefined;
  /** File to save the run to at every validation; if it exists, the run resumes from it. Default: none. */
  checkpoint?: string | undefined;
  /** Behavior at a checkpoint of other options: `throw`, or `restart`, which begins anew and overwrites it. Default: `throw`. */
  onMismatch?: 'throw' | 'restart' | undefined;
  /** Ends the run after the current chunk: it is saved, and the same options continue it. Default: none. */
  signal?: AbortSignal | undefined;
  /** Number of steps per call of the runtime. Higher: less copying, slower reaction to `signal`. Never changes results. Default: 32. */
  chunk?: number | undefined;
  /** Number of threads of the runtime. Default: all cores, at most 2. */
  threads?: number | undefined;
  /** tfjs backend (`cpu`, `wasm`, ...) to run eagerly on. Slower, but needs no native code. Default: none, steps are compiled. */
  backend?: string | undefined;
  /** Whether idle threads spin instead of sleeping. True: faster alone on the cores, slower beside other work. Default: false. */
  spinning?: boolean | undefined;
}

/** Options with every default filled in, and what follows from them. */
export interface Plan
  extends Required<
    Omit<
      TrainOptions,
      'rewards' | 'signals' | 'memory' | 'text' | 'checkpoint' | 'signal' | 'threads' | 'backend' | 'init'
    >
  > {
  /** Checked: of each kind, in the order of `train.sequences.kinds`, or the log's own. */
  rewards: CheckedRewards;
  /** The trained agent; with `joint`, together with its memory. */
  agent: Agent;
  /** The agent as it was given. */
  bareAgent: Agent;
  init: Policy | undefined;
  /** The weights of `init` on this catalog. */
  warmStart: WarmStart | undefined;
  signals: Signals | undefined;
  memory: Memory | undefined;
  /** The memory, where it joins the network in training: as it reads the network's window. */
  joint: Memory | undefined;
  text: Value | undefined;
  checkpoint: string | undefined;
  signal: AbortSignal | undefined;
  threads: number | undefined;
  backend: string | undefined;
  shape: Shape;
  /** Networks that are updated: 2 with the coin flip, else 1. */
  networks: number;
  /** Number of steps in which each network sees one epoch's worth of rows. */
  stepsPerEpoch: number;
  /** The values that `Agent.frozen` lists. */
  statistics: Values;
  /** The largest reward in size that a TD target may hold. */
  largestReward: number;
}
