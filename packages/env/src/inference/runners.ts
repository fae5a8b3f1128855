import { LeaError } from '@lea/core';
import type { Windows } from '@lea/data';
import { float32, int32, type Program, type Runner, type Specs, specsOf, type Value, type Values } from '@lea/tensor';
import { prefixLength } from '../model/candidate-prompt.ts';
import { type EnvironmentConfig, stateSize } from '../model/config.ts';
import { addRepetition, logPopularity, textMemoryTable } from '../model/memory.ts';
import { type Runtime, ready } from '../shared/runtime.ts';
import { environmentBatches, padded } from './batches.ts';
import type { Encoded } from './encoded.ts';
import { pastBytes, pastOf, pastSpecs } from './past.ts';
import { prefixesOf, windowsAt } from './prefixes.ts';
import { encodeProgram, rewardProgram, scoreProgram, tablesProgram } from './programs.ts';

/** Mean of rewards over the reward heads, [size * A], and their deviation if there are several. */
interface Judged {
  mean: Float32Array;
  deviation?: Float32Array;
}

/**
 * Batch sizes in histories; a run uses the smallest that fits. Small sizes serve step environments. There is no size 1,
 * because products of a single row are summed in another order, so results would depend on the batch.
 */
const SIZES = [8, 32, 128];
const BATCH = SIZES.at(-1)!;

/**
 * Block sizes in candidates. Larger blocks would need more memory without saving time. The remainder uses the smallest size
 * that fits, so that a few programs serve any number of candidates.
 */
const BLOCKS = [1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 40, 48, 64];
/** Maximum block size with a prompt, where each candidate has several tokens. */
const PROMPTED = 32;

/** Maximum number of logits per run. */
const LOGITS = 2 ** 24;

/** Maximum memory of kept keys and values in bytes. */
const PAST_BYTES = 2 ** 29;

/** The programs of an environment, compiled when first used, for any number of histories. */
export function environmentRunners(parts: {
  readonly config: EnvironmentConfig;
  readonly params: Values;
  readonly tokens: Value | null;
  readonly counts: Int32Array;
  readonly runtime: Runtime;
}) {
  const { config, params, tokens, counts, runtime } = parts;
  const { items, textMemoryWidth: K } = config;
  const D = config.decoder.width;
  const prefix = prefixLength(config);
  const T = prefix + config.window;
  const size = stateSize(config);
  const scored = Math.max(1, Math.min(BATCH, Math.floor(LOGITS / items)));
  const sized = (rows: number) => {
    const B = SIZES.find((size) => size >= rows) ?? BATCH;
    const past = pastSpecs(config.decoder, B, T);
    return { B, batches: environmentBatches(config, B), past };
  };
  const f32 = (...shape: number[]) => ({ dtype: 'float32', shape }) as const;
  const i32 = (...shape: number[]) => ({ dtype: 'int32', shape }) as const;

  const runners = new Map<string, Promise<Runner>>();
  let isDisposed = false;
  const runner = (name: string, program: Program, inputs: Specs, frozen: Values): Promise<Runner> => {
    if (isDisposed) {
      throw new LeaError('E_DISPOSED', 'The environment has been disposed.', { hint: 'Load or fit it again.' });
    }
    let made = runners.get(name);
    if (!made) {
      made = ready(program, { inputs, frozen: specsOf(frozen) }, runtime, 'direct');
      runners.set(name, made);
    }
    return made;
  };

  let table: Promise<Values> | undefined;
  const weights = (): Promise<Values> => {
    table ??= (async () => {
      const frozen = { ...params, ...(tokens ? { tokens } : {}) };
      const specs = { inputs: { step: i32(1) }, frozen: specsOf(frozen) };
      const made = await ready(tablesProgram(config), specs, runtime, 'direct');
      try {
        const { outputs } = await made.run({ inputs: { step: int32(new Int32Array(1), [1]) }, frozen });
        const rest = Object.entries(params).filter(([name]) => !name.startsWith('item.') && name !== 'start');
        const directions = params['memory.directions'];
        const memory = directions && { memory: await textMemoryTable(tokens!, directions, runtime) };
        const popularity = config.countFeatures && { popularity: logPopularity(counts) };
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

  /** Decoder outputs of a batch of histories that starts at row `from`. */
  const readBatch = async (read: Windows, from: number, keeps: boolean): Promise<Values> => {
    const frozen = withoutRewards(await weights());
    const { B, batches } = sized(read.size - from);
    const run = await runner(`encode ${B} ${keeps}`, encodeProgram(config, keeps), { items: i32(B, T) }, frozen);
    return (await run.run({ inputs: { items: batches.items(read, from) }, frozen })).outputs;
  };
  /** Keys and values of batches of histories; batches that were not kept are read again. */
  const pastReader = (encoded: Encoded): ((batch: number) => Promise<Values>) => {
    let latest: { readonly batch: number; readonly values: Values } | undefined;
    return async (batch) => {
      const kept = encoded.past[batch];
      if (kept) return kept;
      if (latest?.batch !== batch) latest = { batch, values: await readBatch(encoded.read, batch * BATCH, true) };
      return latest.values;
    };
  };

  return {
    /** @param forRewards whether to keep keys and values, which rewards with a prompt need */
    async encode(windows: Windows, forRewards: boolean): Promise<Encoded> {
      const { read: rows, history } = prefixesOf(windows);
      const read = rows.length === windows.size ? windows : windowsAt(windows, rows);
      const state = new Float32Array(windows.size * size);
      const states = new Float32Array(read.size * T * D);
      const most = Math.floor(PAST_BYTES / pastBytes(sized(BATCH).past));
      const kept: Values[] = [];
      let row = 0;
      for (let from = 0; from < read.size; from += BATCH) {
        const keeps = forRewards && config.prompt !== null && kept.length < most;
        const { states: all, texts: memories, ...keys } = await readBatch(read, from, keeps);
        if (keeps) kept.push(keys);
        const decoded = all!.data as Float32Array;
        const texts = memories?.data as Float32Array | undefined;
        states.set(decoded.subarray(0, Math.min(BATCH, read.size - from) * T * D), from * T * D);
        // `history` ascends, so the windows of this batch follow those of the previous batch.
        for (; row < windows.size && history[row]! < from + BATCH; row++) {
          const slot = (history[row]! - from) * T + prefix - 1 + windows.length[row]!;
          state.set(decoded.subarray(slot * D, (slot + 1) * D), row * size);
          if (texts) state.set(texts.subarray(slot * K, (slot + 1) * K), row * size + D);
        }
      }
      return { windows, state, states, history, read, past: kept };
    },

    async score({ state, windows }: Encoded): Promise<Float32Array> {
      const frozen = Object.fromEntries(
        Object.entries(await weights()).filter(([name]) => /^(table|memory|popularity|memory\.popularity)$/.test(name)),
      );
      const logits = new Float32Array(windows.size * items);
      for (let from = 0; from < windows.size; from += scored) {
        const count = Math.min(scored, windows.size - from);
        const rows = Math.min(sized(count).B, scored);
        const run = await runner(`score ${rows}`, scoreProgram(config), { state: f32(rows, size) }, frozen);
        const inputs = { state: float32(padded(state, from * size, rows * size), [rows, size]) };
        const { outputs } = await run.run({ inputs, frozen });
        logits.set((outputs.logits!.data as Float32Array).subarray(0, count * items), from * items);
      }
      if (config.countFeatures) addRepetition(logits, params, windows);
      return logits;
    },

    async rewards(encoded: Encoded, actions: Int32Array): Promise<Judged> {
      const { windows, history } = encoded;
      const A = actions.length / windows.size;
      const judged: Judged = { mean: new Float32Array(actions.length) };
      if (config.rewardHeads > 1) judged.deviation = new Float32Array(actions.length);
      if (actions.length === 0) return judged;
      const { table: _, ...all } = await weights();
      const frozen = config.prompt ? all : onlyRewards(all);
      const most = config.prompt ? PROMPTED : BLOCKS.at(-1)!;
      const batchOf = pastReader(encoded);
      for (let from = 0; from < windows.size; from += BATCH) {
        const rows = Math.min(BATCH, windows.size - from);
        const { B, batches, past } = sized(rows);
        const given: Specs = {
          length: i32(B),
          states: f32(B, T, D),
          ...(K > 0 && { remembered: f32(B, K) }),
          ...(config.prompt && past),
        };
        const asked: Values = {
          length: batches.length(windows, from),
          states: batches.states(encoded, from),
          ...(K > 0 && { remembered: batches.remembered(encoded, from) }),
          ...(config.prompt && (await pastOf(past, history.subarray(from, from + rows), BATCH, batchOf))),
        };
        for (let first = 0; first < A; first += most) {
          const count = Math.min(most, A - first);
          const width = BLOCKS.find((block) => block >= count)!;
          const specs = { ...given, actions: i32(B, width) };
          const run = await runner(`rewards ${B} ${width}`, rewardProgram(config), specs, frozen);
          const inputs = { ...asked, actions: batches.actions(actions, A, { from, first, count }, width) };
          const { outputs } = await run.run({ inputs, frozen });
          for (const [name, values] of Object.entries(outputs)) {
            const data = values.data as Float32Array;
            for (let b = 0; b < rows; b++) {
              judged[name as keyof Judged]!.set(data.subarray(b * width, b * width + count), (from + b) * A + first);
            }
          }
        }
      }
      return judged;
    },

    async dispose(): Promise<void> {
      isDisposed = true;
      for (const made of runners.values()) await (await made).dispose();
      runners.clear();
    },
  };
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
