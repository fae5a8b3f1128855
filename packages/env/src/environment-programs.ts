import type { Windows } from '@lea/data';
import {
  embedding,
  float32,
  int32,
  type Program,
  type ProgramResult,
  pick,
  type Runner,
  type Specs,
  specsOf,
  type Tensors,
  type Value,
  type Values,
} from '@lea/tensor';
import * as tf from '@tensorflow/tfjs';
import { endsAfter, openingSlots } from './candidate-prompt.ts';
import type { DecoderMode } from './decoders/decode.ts';
import { causalMask } from './decoders/masks.ts';
import {
  type EnvironmentConfig,
  headNames,
  itemTables,
  readHistories,
  rewardsOf,
  stateSize,
  statesOf,
  stateTable,
  withOpening,
} from './environment-model.ts';
import { pastBytes, pastLayers, pastOf, pastSpecs, pastTensors } from './environment-past.ts';
import { prefixesOf, windowsAt } from './environment-prefixes.ts';
import { addRepetition, keptOf, likenessReward, logPopularity, textMemory, textMemoryTable } from './memory.ts';
import { type Runtime, ready } from './runtime.ts';

/** What one pass over histories gives; rewards and logits are computed from it. */
export interface Encoded {
  readonly windows: Windows;
  /** State after each window, [size, state size]. */
  readonly state: Float32Array;
  /**
   * What the decoder says of all prefixes of the histories that were read, [histories, slots, width]: those before the
   * first item, then one for each event. Neighbouring windows that begin one another are read once, as the longest.
   */
  readonly states: Float32Array;
  /** Which of these histories each window begins, [size]. */
  readonly history: Int32Array;
  /** The histories that were read. */
  readonly read: Windows;
  /**
   * With a prompt, whose candidates go on where histories end: keys and values of the first of these histories, by batches.
   * Those of others are read again when they are asked about.
   */
  readonly past: readonly Values[];
}

/** The answers about windows `from`..`to - 1`, without copies of what they are about. */
export function encodedBetween(encoded: Encoded, from: number, to: number): Encoded {
  const { windows, state, history } = encoded;
  const { window, size } = windows;
  const width = state.length / size;
  return {
    ...encoded,
    windows: {
      items: windows.items.subarray(from * window, to * window),
      length: windows.length.subarray(from, to),
      size: to - from,
      window,
    },
    state: state.subarray(from * width, to * width),
    history: history.subarray(from, to),
  };
}

/** Rewards over the score heads, [size * A]; the deviation where there are several. */
interface Judged {
  mean: Float32Array;
  deviation?: Float32Array;
}

const BATCH = 128;

/**
 * Candidates that are judged in one run: larger blocks would take memory, not save time. What is left over of them takes
 * the next of these sizes, so that a few programs do for any number of candidates.
 */
const BLOCKS = [1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 40, 48, 64];
/** The largest block of a prompt, whose candidates are several tokens each. */
const PROMPTED = 32;

/** Most logits computed in one run. */
const LOGITS = 2 ** 24;

/** Most memory of keys and values that are kept of what was read. */
const PAST_BYTES = 2 ** 29;

/** The compiled programs of an environment: histories go through in batches of a fixed size. */
export function environmentPrograms(parts: {
  readonly config: EnvironmentConfig;
  readonly params: Values;
  readonly tokens: Value | null;
  readonly counts: Int32Array;
  readonly runtime: Runtime;
}) {
  const { config, params, tokens, counts, runtime } = parts;
  const { items, window } = config;
  const D = config.decoder.width;
  const opening = openingSlots(config);
  const T = opening + window;
  const size = stateSize(config);
  const scored = Math.max(1, Math.min(BATCH, Math.floor(LOGITS / items)));
  const runners = new Map<string, Promise<Runner>>();
  const runner = (name: string, program: Program, inputs: Specs, frozen: Values): Promise<Runner> => {
    let made = runners.get(name);
    if (!made) {
      made = ready(program, { inputs, frozen: specsOf(frozen) }, runtime, 'direct');
      runners.set(name, made);
    }
    return made;
  };
  const f32 = (...shape: number[]) => ({ dtype: 'float32', shape }) as const;
  const i32 = (...shape: number[]) => ({ dtype: 'int32', shape }) as const;

  /** The rows [BATCH, W] of x [BATCH, T, W] after `length` events. */
  const at = (x: tf.Tensor, length: tf.Tensor): tf.Tensor =>
    embedding(tf.reshape(x, [BATCH * T, x.shape[2]!]), tf.add(tf.range(opening - 1, BATCH * T, T, 'int32'), length));

  let table: Promise<Values> | undefined;
  const weights = (): Promise<Values> => {
    table ??= (async () => {
      const frozen = { ...params, ...(tokens ? { tokens } : {}) };
      const made = await ready(
        ({ frozen: p }) => {
          const { input, candidates } = itemTables(p, config, p.tokens);
          return { state: {}, outputs: { table: withOpening(input, p, config), candidates } };
        },
        { inputs: { step: i32(1) }, frozen: specsOf(frozen) },
        runtime,
        'direct',
      );
      try {
        const { outputs } = await made.run({ inputs: { step: int32(new Int32Array(1), [1]) }, frozen });
        const rest = Object.entries(params).filter(([name]) => !name.startsWith('item.') && name !== 'start');
        const directions = params['memory.directions'];
        const memory = directions && { memory: await textMemoryTable(tokens!, directions, runtime) };
        const popularity = config.counting && { popularity: logPopularity(counts) };
        return {
          ...Object.fromEntries(rest),
          ...memory,
          ...popularity,
          table: outputs.table!,
          'reward.candidates': outputs.candidates!,
        };
      } finally {
        await made.dispose();
      }
    })();
    return table;
  };

  const encodeProgram =
    (keeps: boolean): Program =>
    ({ inputs, frozen }) => {
      const { table: vectors, memory, ...p } = frozen;
      const mask = causalMask(T);
      const { states, layers } = readHistories(p, config, embedding(vectors!, inputs.items!), { mask });
      const texts = memory && { texts: textMemory(p, memory, inputs.items!, keptOf(p, mask)) };
      return { state: {}, outputs: { states, ...texts, ...(keeps && pastTensors(layers)) } };
    };
  const scoreProgram: Program = ({ inputs, frozen }) => {
    const decoded = tf.slice(frozen.table!, [0, 0], [items, D]);
    const state = config.counting ? tf.concat([inputs.state!, tf.ones([scored, 1])], 1) : inputs.state!;
    const logits = tf.matMul(state, stateTable(frozen, frozen, decoded), false, true);
    return { state: {}, outputs: { logits } };
  };
  const rewardProgram =
    (A: number): Program =>
    ({ inputs, frozen }): ProgramResult => {
      const { length, actions, states } = inputs as Record<string, tf.Tensor>;
      const last = tf.reshape(tf.add(length!, tf.scalar(opening - 1, 'int32')), [BATCH, 1]);
      const hidden = tf.cast(tf.greater(places(T), last), 'float32');
      const visible = tf.reshape(tf.mul(hidden, -1e9), [BATCH, 1, 1, T]);
      const vectors = embedding(frozen['reward.candidates']!, actions!);
      const candidates = config.prompt ? promptedEnds(frozen, inputs, vectors, { visible, last }) : vectors;
      const current = tf.reshape(at(states!, length!), [BATCH, 1, D]);
      const asked = { states: states!, current, candidates, mask: tf.tile(visible, [1, 1, A, 1]) };
      const likeness = frozen.memory && likenessOf(frozen, inputs, A);
      const each = headNames(config).map((name) => {
        const judged = rewardsOf(pick(name, frozen), config, asked);
        return likeness ? tf.add(judged, likeness) : judged;
      });
      if (each.length === 1) return { state: {}, outputs: { mean: each[0]! } };
      const mean = tf.div(tf.addN(each), each.length);
      const spread = tf.addN(each.map((rewards) => tf.square(tf.sub(rewards, mean))));
      return { state: {}, outputs: { mean, deviation: tf.sqrt(tf.div(spread, each.length)) } };
    };
  const likenessOf = (frozen: Tensors, { remembered, actions }: Tensors, A: number): tf.Tensor => {
    const own = tf.tile(remembered!.expandDims(1), [1, A, 1]);
    return likenessReward(frozen, own, embedding(frozen.memory!, actions!));
  };
  const promptedEnds = (
    frozen: Tensors,
    inputs: Tensors,
    actions: tf.Tensor,
    history: { readonly visible: tf.Tensor; readonly last: tf.Tensor },
  ): tf.Tensor => {
    const past = { layers: pastLayers(config.decoder, inputs), positions: tf.tile(places(T), [BATCH, 1]) };
    const run = (x: tf.Tensor, mode: DecoderMode) => statesOf(frozen, config, x, { ...mode, past });
    return endsAfter(frozen, config.prompt!, history, actions, run);
  };

  /** Ids of the windows from `from` on, the opening included, int32 [BATCH, T]. */
  const idsOf = (windows: Windows, from: number): Value => {
    const ids = new Int32Array(BATCH * T).fill(items);
    const length = padded(windows.length, from, BATCH);
    for (let b = 0; b < BATCH; b++) {
      for (let p = 0; p < opening; p++) ids[b * T + p] = items + p;
      const first = (from + b) * window;
      if (from + b < windows.size) ids.set(windows.items.subarray(first, first + length[b]!), b * T + opening);
    }
    return int32(ids, [BATCH, T]);
  };
  const pastShape = pastSpecs(config.decoder, BATCH, T);
  /** What the decoder says of a batch of histories, from `from` on. */
  const readBatch = async (read: Windows, from: number, keeps: boolean): Promise<Values> => {
    const frozen = withoutRewards(await weights());
    const run = await runner(`encode ${keeps}`, encodeProgram(keeps), { items: i32(BATCH, T) }, frozen);
    return (await run.run({ inputs: { items: idsOf(read, from) }, frozen })).outputs;
  };
  /** Keys and values of batches of histories; those that were not kept are read again. */
  const pastReader = ({ read, past }: Encoded): ((batch: number) => Promise<Values>) => {
    let latest: { readonly batch: number; readonly values: Values } | undefined;
    return async (batch) => {
      if (past[batch]) return past[batch];
      if (latest?.batch !== batch) latest = { batch, values: await readBatch(read, batch * BATCH, true) };
      return latest.values;
    };
  };
  /** What the decoder says of the histories of the windows from `from` on, [BATCH, T, width]. */
  const statesAt = (states: Float32Array, history: Int32Array, from: number): Value => {
    const each = new Float32Array(BATCH * T * D);
    history.subarray(from, from + BATCH).forEach((at, b) => {
      each.set(states.subarray(at * T * D, (at + 1) * T * D), b * T * D);
    });
    return float32(each, [BATCH, T, D]);
  };

  /** The text memories in the states from `from` on, [BATCH, K]. */
  const rememberedAt = (state: Float32Array, from: number): Value => {
    const each = new Float32Array(BATCH * config.memory);
    for (let b = 0; b < BATCH && (from + b) * size < state.length; b++) {
      const begin = (from + b) * size + D;
      each.set(state.subarray(begin, begin + config.memory), b * config.memory);
    }
    return float32(each, [BATCH, config.memory]);
  };

  return {
    /** @param forRewards whether rewards will be asked for too: what a prompt needs for them is kept */
    async encode(windows: Windows, forRewards: boolean): Promise<Encoded> {
      const { read: rows, history } = prefixesOf(windows);
      const read = rows.length === windows.size ? windows : windowsAt(windows, rows);
      const state = new Float32Array(windows.size * size);
      const states = new Float32Array(read.size * T * D);
      const past: Values[] = [];
      let row = 0;
      for (let from = 0; from < read.size; from += BATCH) {
        const keeps = forRewards && config.prompt !== null && (past.length + 1) * pastBytes(pastShape) <= PAST_BYTES;
        const { states: all, texts: memories, ...keys } = await readBatch(read, from, keeps);
        if (keeps) past.push(keys);
        const decoded = all!.data as Float32Array;
        const texts = memories?.data as Float32Array | undefined;
        const K = config.memory;
        states.set(decoded.subarray(0, Math.min(BATCH, read.size - from) * T * D), from * T * D);
        // `history` ascends: the windows that begin the histories of this batch follow those of the last one.
        for (; row < windows.size && history[row]! < from + BATCH; row++) {
          const slot = (history[row]! - from) * T + opening - 1 + windows.length[row]!;
          state.set(decoded.subarray(slot * D, (slot + 1) * D), row * size);
          if (texts) state.set(texts.subarray(slot * K, (slot + 1) * K), row * size + D);
        }
      }
      return { windows, state, states, history, read, past };
    },

    async score({ state, windows }: Encoded): Promise<Float32Array> {
      const frozen = Object.fromEntries(
        Object.entries(await weights()).filter(([name]) => /^(table|memory|popularity|memory\.popularity)$/.test(name)),
      );
      const run = await runner('score', scoreProgram, { state: f32(scored, size) }, frozen);
      const logits = new Float32Array(windows.size * items);
      for (let from = 0; from < windows.size; from += scored) {
        const inputs = { state: float32(padded(state, from * size, scored * size), [scored, size]) };
        const { outputs } = await run.run({ inputs, frozen });
        const count = Math.min(scored, windows.size - from);
        logits.set((outputs.logits!.data as Float32Array).subarray(0, count * items), from * items);
      }
      if (config.counting) addRepetition(logits, params, windows);
      return logits;
    },

    async rewards(encoded: Encoded, actions: Int32Array): Promise<Judged> {
      const { windows, state, states, history } = encoded;
      const A = actions.length / windows.size;
      const judged: Judged = { mean: new Float32Array(actions.length) };
      if (config.rewardHeads > 1) judged.deviation = new Float32Array(actions.length);
      if (actions.length === 0) return judged;
      const { table: _, ...all } = await weights();
      const frozen = config.prompt ? all : onlyRewards(all);
      const K = config.memory;
      const given: Specs = {
        states: f32(BATCH, T, D),
        ...(K > 0 && { remembered: f32(BATCH, K) }),
        ...(config.prompt && pastShape),
      };
      const most = config.prompt ? PROMPTED : BLOCKS.at(-1)!;
      const batchOf = pastReader(encoded);
      for (let from = 0; from < windows.size; from += BATCH) {
        const count = Math.min(BATCH, windows.size - from);
        const asked: Values = {
          length: int32(padded(windows.length, from, BATCH), [BATCH]),
          states: statesAt(states, history, from),
          ...(K > 0 && { remembered: rememberedAt(state, from) }),
          ...(config.prompt && (await pastOf(pastShape, history.subarray(from, from + count), batchOf))),
        };
        for (let first = 0; first < A; first += most) {
          const width = Math.min(most, A - first);
          const step = BLOCKS.find((block) => block >= width)!;
          const specs = { ...given, length: i32(BATCH), actions: i32(BATCH, step) };
          const run = await runner(`rewards ${step}`, rewardProgram(step), specs, frozen);
          const some = new Int32Array(BATCH * step);
          for (let b = 0; b < count; b++) {
            const begin = (from + b) * A + first;
            some.set(actions.subarray(begin, begin + width), b * step);
          }
          const inputs = { ...asked, actions: int32(some, [BATCH, step]) };
          const { outputs } = await run.run({ inputs, frozen });
          for (const [name, values] of Object.entries(outputs)) {
            const data = values.data as Float32Array;
            for (let b = 0; b < count; b++) {
              judged[name as keyof Judged]!.set(data.subarray(b * step, b * step + width), (from + b) * A + first);
            }
          }
        }
      }
      return judged;
    },

    async dispose(): Promise<void> {
      for (const made of runners.values()) await (await made).dispose();
      runners.clear();
    },
  };
}

/** 0 .. count - 1, int32 [1, count]. */
function places(count: number): tf.Tensor {
  return tf.reshape(
    tf.tensor1d(
      Int32Array.from({ length: count }, (_, t) => t),
      'int32',
    ),
    [1, count],
  );
}

function onlyRewards(values: Values): Values {
  return Object.fromEntries(
    Object.entries(values).filter(
      ([name]) => name.startsWith('reward.') || name === 'memory' || name === 'memory.reward',
    ),
  );
}

function withoutRewards(values: Values): Values {
  return Object.fromEntries(Object.entries(values).filter(([name]) => !/^(reward|prompt)\./.test(name)));
}

/** `size` elements from `from`, zeros beyond the end. */
function padded<T extends Float32Array | Int32Array>(data: T, from: number, size: number): T {
  const part = data.subarray(from, from + size) as T;
  if (part.length === size) return part;
  const full = new (data.constructor as Float32ArrayConstructor)(size) as T;
  full.set(part);
  return full;
}
