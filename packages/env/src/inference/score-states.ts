import { float32 } from '@lea/tensor';
import { stateSize } from '../model/config.ts';
import { addRepetition, addUnseen } from '../model/memory.ts';
import { BATCH, batchSize, padded } from './batches.ts';
import type { Encoded } from './encoded.ts';
import type { Inference } from './inference.ts';
import { scoreProgram } from './programs.ts';
import { weightsOfLogits } from './weights.ts';

/** Maximum number of logits per run. */
const LOGITS = 2 ** 24;

/** Logits of all items after each history, [size * items]. */
export async function scoreStates(inference: Inference, { state, windows }: Encoded): Promise<Float32Array> {
  const { config, params, programs, counts, unseenOffset, weights } = inference;
  const { items } = config;
  const size = stateSize(config);
  const most = Math.max(1, Math.min(BATCH, Math.floor(LOGITS / items)));
  const frozen = weightsOfLogits(await weights());
  const logits = new Float32Array(windows.size * items);
  for (let from = 0; from < windows.size; from += most) {
    const count = Math.min(most, windows.size - from);
    const rows = Math.min(batchSize(count), most);
    const inputs = { state: float32(padded(state, from * size, rows * size), [rows, size]) };
    const outputs = await programs.run(`score ${rows}`, scoreProgram(config), inputs, frozen);
    logits.set((outputs.logits!.data as Float32Array).subarray(0, count * items), from * items);
  }
  if (config.countFeatures) addRepetition(logits, params, windows);
  if (unseenOffset !== 0) addUnseen(logits, counts, unseenOffset);
  return logits;
}
