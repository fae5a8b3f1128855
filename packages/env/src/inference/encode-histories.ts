import type { Windows } from '@lea/data';
import type { Values } from '@lea/tensor';
import { prefixLength } from '../model/candidate-prompt.ts';
import { itemWidth, stateSize } from '../model/config.ts';
import { BATCH, batchSize, environmentBatches, positionCount } from './batches.ts';
import type { Encoded } from './encoded.ts';
import type { Inference } from './inference.ts';
import { pastBytes, pastSpecs } from './past.ts';
import { prefixesOf, windowsAt } from './prefixes.ts';
import { encodeProgram } from './programs.ts';
import { weightsOfHistories } from './weights.ts';

/** Maximum memory of kept keys and values in bytes. */
const PAST_BYTES = 2 ** 29;

/** Reads histories. @param forRewards whether to keep keys and values, which rewards with a prompt need */
export async function encodeHistories(inference: Inference, windows: Windows, forRewards: boolean): Promise<Encoded> {
  const { config } = inference;
  const D = itemWidth(config);
  const K = config.textMemoryWidth;
  const T = positionCount(config);
  const size = stateSize(config);
  const { read: rows, history } = prefixesOf(windows);
  const read = rows.length === windows.size ? windows : windowsAt(windows, rows);
  const state = new Float32Array(windows.size * size);
  const states = new Float32Array(read.size * T * D);
  const most = Math.floor(PAST_BYTES / pastBytes(pastSpecs(config.decoder, BATCH, T)));
  const kept: Values[] = [];
  let row = 0;
  for (let from = 0; from < read.size; from += BATCH) {
    const keeps = forRewards && config.prompt !== null && kept.length < most;
    const { states: all, queries = all, texts: memories, ...keys } = await readBatch(inference, read, from, keeps);
    if (keeps) kept.push(keys);
    const decoded = all!.data as Float32Array;
    const queried = queries!.data as Float32Array;
    const texts = memories?.data as Float32Array | undefined;
    states.set(decoded.subarray(0, Math.min(BATCH, read.size - from) * T * D), from * T * D);
    // `history` ascends, so the windows of this batch follow those of the previous batch.
    for (; row < windows.size && history[row]! < from + BATCH; row++) {
      const last = (history[row]! - from) * T + prefixLength(config) - 1 + windows.length[row]!;
      state.set(queried.subarray(last * D, (last + 1) * D), row * size);
      if (texts) state.set(texts.subarray(last * K, (last + 1) * K), row * size + D);
    }
  }
  return { windows, state, states, history, read, past: kept };
}

/** Returns keys and values of batches of histories; batches that were not kept are read again. */
export function pastReader(inference: Inference, { past, read }: Encoded): (batch: number) => Promise<Values> {
  let latest: { readonly batch: number; readonly values: Values } | undefined;
  return async (batch) => {
    const kept = past[batch];
    if (kept) return kept;
    if (latest?.batch !== batch) latest = { batch, values: await readBatch(inference, read, batch * BATCH, true) };
    return latest.values;
  };
}

/** Decoder outputs of a batch of histories that starts at row `from`. @param keeps whether to return keys and values */
async function readBatch(
  { config, programs, weights }: Inference,
  read: Windows,
  from: number,
  keeps: boolean,
): Promise<Values> {
  const frozen = weightsOfHistories(await weights());
  const B = batchSize(read.size - from);
  const inputs = { items: environmentBatches(config, B).items(read, from) };
  return programs.run(`encode ${B} ${keeps}`, encodeProgram(config, keeps), inputs, frozen);
}
