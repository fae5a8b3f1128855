import type { Values } from '@lea/tensor';
import { BATCH, batchSize, environmentBatches, positionCount } from './batches.ts';
import { pastReader } from './encode-histories.ts';
import type { Encoded } from './encoded.ts';
import type { Inference } from './inference.ts';
import { pastOf, pastSpecs } from './past.ts';
import { rewardProgram } from './programs.ts';
import { weightsOfRewards } from './weights.ts';

/** Mean of rewards over the reward heads, [size * A], and their deviation if there are several. */
export interface ActionRewards {
  mean: Float32Array;
  deviation?: Float32Array;
}

/**
 * Block sizes in candidates. Larger blocks would need more memory without saving time. The remainder uses the smallest size
 * that fits, so that a few programs serve any number of candidates.
 */
const BLOCKS = [1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 40, 48, 64];
/** Maximum block size with a prompt, where each candidate has several tokens. */
const PROMPTED = 32;

/** Rewards of `actions` [size, A] after the encoded histories. */
export async function rewardActions(
  inference: Inference,
  encoded: Encoded,
  actions: Int32Array,
): Promise<ActionRewards> {
  const { config, programs, weights } = inference;
  const { windows } = encoded;
  const A = actions.length / windows.size;
  const rewards: ActionRewards = { mean: new Float32Array(actions.length) };
  if (config.rewardHeads > 1) rewards.deviation = new Float32Array(actions.length);
  if (actions.length === 0) return rewards;
  const frozen = weightsOfRewards(config, await weights());
  const most = config.prompt ? PROMPTED : BLOCKS.at(-1)!;
  const inputsOf = historyInputs(inference, encoded);
  for (let from = 0; from < windows.size; from += BATCH) {
    const rows = Math.min(BATCH, windows.size - from);
    const B = batchSize(rows);
    const batches = environmentBatches(config, B);
    const histories = await inputsOf(from, rows);
    for (let first = 0; first < A; first += most) {
      const count = Math.min(most, A - first);
      const width = BLOCKS.find((block) => block >= count)!;
      const inputs = { ...histories, actions: batches.actions(actions, A, { from, first, count }, width) };
      const outputs = await programs.run(`rewards ${B} ${width}`, rewardProgram(config), inputs, frozen);
      for (const [name, values] of Object.entries(outputs)) {
        const data = values.data as Float32Array;
        for (let b = 0; b < rows; b++) {
          rewards[name as keyof ActionRewards]!.set(
            data.subarray(b * width, b * width + count),
            (from + b) * A + first,
          );
        }
      }
    }
  }
  return rewards;
}

/** Returns the inputs of the reward program about `rows` histories from row `from`, besides the actions. */
function historyInputs(inference: Inference, encoded: Encoded): (from: number, rows: number) => Promise<Values> {
  const { config } = inference;
  const { windows, history } = encoded;
  const batchOf = pastReader(inference, encoded);
  return async (from, rows) => {
    const B = batchSize(rows);
    const batches = environmentBatches(config, B);
    const past = pastSpecs(config.decoder, B, positionCount(config));
    return {
      length: batches.length(windows, from),
      states: batches.states(encoded, from),
      ...(config.textMemoryWidth > 0 && { remembered: batches.remembered(encoded, from) }),
      ...(config.prompt && (await pastOf(past, history.subarray(from, from + rows), BATCH, batchOf))),
    };
  };
}
