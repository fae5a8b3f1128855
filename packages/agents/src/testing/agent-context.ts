import { fold, integers, type Key, key, normal, uniform } from '@lea/core';
import {
  compile,
  float32,
  int32,
  keyTensorValue,
  type Program,
  pick,
  prefixed,
  type Runner,
  type Specs,
  specsOf,
  type Value,
  type Values,
} from '@lea/tensor';
import type { AgentFactory } from '../define.ts';
import { gru4rec } from '../encoders/gru4rec.ts';
import { type Fusion, withMemory } from '../memory/fusion.ts';
import { type Memory, memoryTables } from '../memory/memory.ts';
import type { Agent, Phase, Shape } from '../types.ts';
import { batchValues, type Decision } from './decisions.ts';
import { type AgentSettings, agentSettings } from './settings.ts';
import { updateProgram } from './update-program.ts';
import { violation } from './violation.ts';

/** Rows of a batch of the compiled programs. */
export const ROWS = 48;

/** Dimension of the environment's states. */
const STATE_SIZE = 5;

/** The signals of an environment in a batch. */
export interface Guidance {
  /** Number of soft targets per row. */
  readonly targets: number;
  /** Whether they are actions with rewards. */
  readonly rewards: boolean;
}

/** No signals; soft targets; actions with rewards. */
export const guidances: readonly Guidance[] = [
  { targets: 0, rewards: false },
  { targets: 2, rewards: false },
  { targets: 2, rewards: true },
];

/** The subject of the checks of an agent. */
export interface AgentContext {
  readonly factory: AgentFactory;
  readonly settings: AgentSettings;
  /** Combined with the memory, if there is one. */
  readonly agent: Agent;
  /** The parts of a policy besides parameters. */
  readonly served: { readonly agent: Agent } & Partial<Fused>;
  readonly shape: Shape;
  /** Text vectors, if the encoder reads them in a pass or in `init`. */
  readonly text: Value | undefined;
  /** The `frozen` tensors of `loss` and `score`. */
  readonly frozen: Values;
  /** Initial parameters of a network. Default size of the catalog: `shape.items`. */
  init(seed: number, items?: number): Values;
  /** The compiled update of a phase on batches of `ROWS`, compiled once per kind of signals. */
  update(phase: Phase, guidance?: Guidance): Promise<Runner>;
  /** The compiled scores of `ROWS` histories, compiled once. */
  scores(): Promise<Runner>;
  dispose(): Promise<void>;
}

/** A memory, and how it is combined with the agent. */
export interface Fused {
  readonly memory: Memory;
  readonly fusion: Partial<Fusion>;
}

export function agentContext(factory: AgentFactory, given: Partial<AgentSettings> = {}): AgentContext {
  const settings = agentSettings(given, gru4rec({ width: 16 }));
  return contextOf(factory, settings, factory({ encoder: settings.encoder, ...settings.options }));
}

/** @throws LeaError `E_MEMORY_JOINT` */
export function contextOf(factory: AgentFactory, settings: AgentSettings, base: Agent, fused?: Fused): AgentContext {
  const agent = fused ? withMemory(base, fused.memory, fused.fusion) : base;
  const { needsText, initText } = agent.encoder;
  const { items, window } = settings;
  const textOf = (count: number) => (needsText || initText ? textVectors(count) : undefined);
  const text = textOf(items);
  const shape: Shape = {
    items,
    window,
    ...(text && { textSize: text.shape[1]! }),
    ...(agent.readsEnvironmentState && { stateSize: STATE_SIZE }),
  };
  const frozen: Values = {
    ...Object.fromEntries(agent.frozen.map((name) => [name, float32(new Float32Array(items).fill(-Math.log(items)))])),
    ...(needsText && { text: text! }),
    ...(fused && memoryTables(fused.memory.state)),
  };
  const runners = new Map<string, Promise<Runner>>();
  const once = (name: string, make: () => Promise<Runner>) => {
    const runner = runners.get(name) ?? make();
    runners.set(name, runner);
    return runner;
  };
  const context: AgentContext = {
    factory,
    settings,
    agent,
    served: { agent: base, ...fused },
    shape,
    text,
    frozen,
    init: (seed, count = items) => agent.init(key(seed), { ...shape, items: count }, textOf(count)),
    update: (phase, guidance = guidances[0]!) =>
      once(`${phase.name}/${JSON.stringify(guidance)}`, () => compiledUpdate(context, phase, guidance)),
    scores: () => once('scores/', () => compiledScores(context)),
    async dispose() {
      for (const runner of runners.values()) await runner.then((made) => made.dispose(), () => {}); // biome-ignore format: a failed compilation has nothing to dispose of
    },
  };
  return context;
}

/** The specs that `inputs` lists for a batch of `rows` rows. */
export function inputsFor({ agent, shape }: AgentContext, rows: number, guidance: Guidance): Specs {
  const { targets, rewards } = guidance;
  const { window, stateSize = 0 } = shape;
  return agent.inputs(rows, window, targets, { targetRewards: rewards, stateSize });
}

/** Whether the loss reads rewards of the environment's actions. */
export function takesActions(context: AgentContext): boolean {
  return 'targetRewards' in inputsFor(context, 1, guidances.at(-1)!);
}

/** Values for exactly the tensors that `inputs` lists, for these decisions. */
export function batchFor(
  context: AgentContext,
  decisions: readonly Decision[],
  seed = 0,
  guidance: Guidance = guidances[0]!,
): Values {
  const { agent, shape } = context;
  const { targets } = guidance;
  const rows = decisions.length;
  const states = (name: string) => {
    const size = shape.stateSize ?? 0;
    return float32(normal(fold(key(seed), name), rows * size), [rows, size]);
  };
  const draw = (name: string, dims: number[]) =>
    int32(integers(fold(key(seed), name), dims[0]! * (dims[1] ?? 1), shape.items), dims);
  const made: Values = {
    ...batchValues(decisions, shape),
    ...(agent.sampling && { candidates: draw('candidates', [agent.sampling.sampledItems]) }),
    ...(targets > 0 && {
      targets: draw('targets', [rows, targets]),
      targetWeights: float32(new Float32Array(rows * targets).fill(0.5), [rows, targets]),
      targetRewards: float32(normal(fold(key(seed), 'targetRewards'), rows * targets), [rows, targets]),
    }),
    ...(context.served.memory && { memory: distributions(fold(key(seed), 'memory'), rows, shape.items) }),
    ...(shape.stateSize && {
      environmentState: states('environmentState'),
      nextEnvironmentState: states('nextEnvironmentState'),
    }),
  };
  return Object.fromEntries(
    Object.entries(inputsFor(context, rows, guidance)).map(([name, spec]) => {
      const value = made[name];
      if (!value) {
        throw violation(
          `inputs lists "${name}", which the trainer cannot provide.`,
          `Available are: ${Object.keys(made).join(', ')}${agent.sampling ? '' : ', and candidates with `sampling`'}.`,
        );
      }
      const wanted = `${value.dtype}[${value.shape.join(', ')}]`;
      const listed = `${spec.dtype}[${spec.shape.join(', ')}]`;
      if (listed !== wanted) throw violation(`inputs lists "${name}" as ${listed}.`, `Expected ${wanted}.`);
      return [name, value];
    }),
  );
}

/** The batch and the key of one update. */
export function updateInputs(
  context: AgentContext,
  decisions: readonly Decision[],
  seed: number,
  guidance?: Guidance,
): Values {
  return { ...batchFor(context, decisions, seed, guidance), key: keyTensorValue(key(seed)) };
}

/** The frozen tensors of an update. */
export function updateFrozen({ agent, frozen }: AgentContext, target: Values): Values {
  return { ...prefixed('frozen/', frozen), ...(agent.target === 'none' ? {} : prefixed('target/', target)) };
}

function compiledUpdate(context: AgentContext, phase: Phase, guidance: Guidance): Promise<Runner> {
  const { program, state } = updateProgram(context.agent, phase, context.settings.lr);
  const params = context.init(0);
  const decisions = Array.from({ length: ROWS }, () => ({ history: [0], action: 0 }));
  const specs = {
    state: specsOf(state(params)),
    inputs: specsOf(updateInputs(context, decisions, 0, guidance)),
    frozen: specsOf(updateFrozen(context, params)),
  };
  return compile(program, specs, { threads: 1, mode: 'direct' });
}

function compiledScores({ agent, frozen, shape, init }: AgentContext): Promise<Runner> {
  const program: Program = ({ inputs, frozen: all }) => {
    const histories = { items: inputs.items!, length: inputs.length! };
    return { state: {}, outputs: { scores: agent.score(pick('params/', all), histories, pick('frozen/', all)) } };
  };
  const specs = {
    inputs: {
      items: { dtype: 'int32', shape: [ROWS, shape.window] },
      length: { dtype: 'int32', shape: [ROWS] },
    },
    frozen: specsOf({ ...prefixed('params/', init(0)), ...prefixed('frozen/', frozen) }),
  } as const;
  return compile(program, specs, { threads: 1, mode: 'direct' });
}

function textVectors(items: number): Value {
  return float32(normal(key(3), items * 8), [items, 8]);
}

/** float32 [rows, items]; each row sums to 1. */
function distributions(seed: Key, rows: number, items: number): Value {
  const draws = uniform(seed, rows * items).map((draw) => 0.1 + draw);
  const sums = Array.from({ length: rows }, (_, row) =>
    draws.subarray(row * items, (row + 1) * items).reduce((sum, draw) => sum + draw, 0),
  );
  return float32(draws.map((draw, i) => draw / sums[Math.floor(i / items)]!), [rows, items]); // biome-ignore format: one line
}
