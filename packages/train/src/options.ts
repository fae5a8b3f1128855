import type { Agent, Fusion, Memory, Policy, Shape } from '@lea/agents';
import type { Transitions } from '@lea/data';
import type { Value, Values } from '@lea/tensor';
import type { Signals } from './signals/options.ts';
import type { SamplerOptions } from './steps/sampler.ts';
import type { WarmStart } from './warm-start/warm-start.ts';

export interface TrainOptions {
  /** What is trained: encoder, heads and losses, e.g. `snqn({ encoder: sasrec() })`. */
  agent: Agent;
  /** The logged decisions that are learned from. */
  train: Transitions;
  /** The logged decisions that early stopping looks at; of other users than `train`. */
  validation: Transitions;
  /** Reward per event kind, in the order of `train.sequences.kinds`; [0.2, 1] for click and purchase in the papers. */
  rewards: readonly number[];
  /** Items of history that the agent sees; default 10. Longer: more context, time per step grows with it. */
  window?: number;
  /** Rows per step; default 256, or all rows when there are fewer. Larger: steadier gradients, fewer updates per epoch. */
  batch?: number;
  /** How batches are drawn; default an epoch permutation. `{ type: 'independent' }` is the papers' sampler. */
  sampler?: SamplerOptions;
  /** Seed of weights, batches, negatives, dropout and coins; default 0. */
  seed?: number;
  /**
   * Steps between two validations; default half an epoch of updates per network, which is twice as many steps when two
   * networks take turns. Lower: a finer choice of the best step, more time spent on validation.
   */
  evaluateEvery?: number;
  /**
   * Validations without a new best before a phase ends; default 8 for an encoder with tied weights (it starts high and
   * dips before it rises), else 4 for supervised and 3 for RL agents. Higher: later, surer stopping.
   */
  patience?: number;
  /**
   * A trained policy that training starts from, by `fit`, `train` or `loadPolicy`. Default none: weights are random. The agent
   * has the policy's type, its encoder the policy's options; learning rates and losses may differ. Items are mapped by id: new
   * ones start from their text (encoders with `itemInput: 'text-init'`) or from the mean of the others, and items that are gone are
   * dropped. All networks of the agent start from these weights, with a fresh optimizer. The weights are validated before the
   * first step, so the first phase ends at least as good on validation; a later phase has a selection of its own. The policy's memory is not read: give one that is counted anew.
   */
  init?: Policy;
  /**
   * Steps per phase at most; default unlimited: a phase ends by early stopping or with the steps the agent gives it. It may be
   * raised on a run that has a checkpoint: the run goes on as if it had had the larger one from the start.
   */
  maxSteps?: number;
  /** The validation metric that early stopping maximizes; default `ndcg@10`, over all events. */
  metric?: string;
  /** What a language-model environment adds to the train rows: see `leaSignals`. */
  signals?: Signals;
  /**
   * A counting memory of the train rows (`countingMemory` of @lea/agents) that the policy gets. Default none. It costs nothing
   * in training but with `fusion: 'joint'`, and little in serving.
   */
  memory?: Memory;
  /**
   * How the memory joins the network, see `Fusion`. Default `after`: the network is trained by itself, then its weight is
   * fitted on validation; `mixture`: the same for probabilities; `joint`: the network learns what the memory leaves.
   */
  fusion?: Fusion['form'];
  /** Text vectors of the items [N, D], for encoders that read them. */
  text?: Value;
  /** File that the run is saved to at every validation, and resumed from when it exists. */
  checkpoint?: string;
  /** What to do with a checkpoint of other options: `throw` (default) throws, `restart` begins anew and overwrites it. */
  onMismatch?: 'throw' | 'restart';
  /** Ends the run after the current chunk: it is saved, and the same options go on from there. */
  signal?: AbortSignal;
  /** Steps per call of the runtime; default 32. Higher: less copying, slower reaction to `signal`. Never changes results. */
  chunk?: number;
  /** Threads of the runtime; default all cores, up to 2. */
  threads?: number;
  /** Run eagerly on this tfjs backend (`cpu`, `wasm`, ...) instead of compiled: slower, without native code. */
  backend?: string;
  /** Whether idle threads wait actively; default false: they sleep. True: faster alone on the cores, slower beside other work. */
  spinning?: boolean;
}

/** Options with every default filled in, and what follows from them. */
export interface Plan
  extends Required<
    Omit<TrainOptions, 'signals' | 'memory' | 'text' | 'checkpoint' | 'signal' | 'threads' | 'backend' | 'init'>
  > {
  /** What learns: with `joint`, the agent together with its memory. */
  agent: Agent;
  /** The agent as it was given. */
  bareAgent: Agent;
  init: Policy | undefined;
  /** The weights of `init` on this catalog. */
  warmStart: WarmStart | undefined;
  signals: Signals | undefined;
  memory: Memory | undefined;
  /** The memory, where it joins the network in training. */
  joint: Memory | undefined;
  text: Value | undefined;
  checkpoint: string | undefined;
  signal: AbortSignal | undefined;
  threads: number | undefined;
  backend: string | undefined;
  shape: Shape;
  /** Networks that are updated: 2 with the coin flip, else 1. */
  networks: number;
  /** What `Agent.frozen` lists. */
  statistics: Values;
  /** The largest reward in size that a TD target may hold. */
  largestReward: number;
}
