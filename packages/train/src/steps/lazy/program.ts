import type { Agent, Phase } from '@lea/agents';
import { type Program, pick, type Tensors } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { learningStep } from '../program.ts';
import type { Table } from './tables.ts';

/**
 * One training step that reads and writes only the rows of its batch. The item tables are constant inputs in the host's memory;
 * the step gathers the rows it needs, trains on a catalog of only these items, and outputs their new values.
 *
 * State: the parameters without item rows, named as in `trainingProgram`. Inputs: the inputs of a compact batch, `rows` int32
 * [size + 1], `key`, and with a moving average `decay/...` [rows] per table. Frozen: `tables/...` in their stored form; with two
 * networks `other/...`, the tables of the target network; any other `target/...`; tensors over all items. Outputs: `loss`, the
 * agent's metrics, and per table `rows/...` and `changed/...`, int32 0/1: whether the row had a nonzero gradient.
 *
 * @param items size of the catalog
 */
export function lazyProgram(agent: Agent, phase: Phase, tables: readonly Table[], items: number): Program {
  const step = learningStep(agent, phase);
  return ({ state, inputs, frozen }) => {
    const { key, rows, ...rest } = inputs;
    const batch = Object.fromEntries(Object.entries(rest).filter(([name]) => !name.startsWith('decay/')));
    const first = (count: number) => tf.slice(rows! as tf.Tensor1D, [0], [count]);
    const own: Tensors = {};
    const other: Tensors = {};
    for (const { name, rows: count, padded, width, parts } of tables) {
      const ids = padded ? (rows! as tf.Tensor1D) : first(count);
      const gathered = tf.split(tf.gather(frozen[`tables/${name}`]!, ids), parts.length, 1);
      parts.forEach((part, i) => {
        own[part] = gathered[i]!;
      });
      if (agent.target !== 'coin') continue;
      other[name] = tf.slice(tf.gather(frozen[`other/${name}`]!, ids), [0, 0], [count, width]);
    }
    const all = { ...state, ...own };
    const params = pick('params/', all);
    const behind = { ...pick('target/', frozen), ...pick('target/', all), ...other };
    const decay = pick('decay/', inputs);
    const known = rows!.size - 1;
    const overItems = Object.entries(frozen).filter(([name]) => !name.includes('/'));
    const { next, grads, outputs } = step({
      params,
      slots: pick('slots/', all),
      target: agent.target === 'polyak' ? { ...behind, ...followed(behind, params, decay) } : behind,
      batch,
      key: key!,
      frozen: Object.fromEntries(overItems.map(([name, tensor]) => [name, tf.gather(tensor, first(known))])),
      items,
    });
    const nextRows = tables.map(({ name, parts }) => [
      `rows/${name}`,
      // A periodic copy is not part of the next state; it does not change.
      tf.concat(parts.map((part) => next[part] ?? own[part]!), 1), // biome-ignore format: one line
    ]);
    const changed = tables.map(({ name, rows: count }) => [`changed/${name}`, changedRows(grads[name], count)]);
    return {
      state: Object.fromEntries(Object.keys(state).map((name) => [name, next[name]!])),
      outputs: { ...outputs, ...Object.fromEntries(nextRows), ...Object.fromEntries(changed) },
    };
  };
}

/**
 * The current rows of the moving average. While the parameters of a row do not change, each update multiplies its distance by
 * 1 - tau, so all updates since it was last written amount to one power of 1 - tau: `decay`.
 */
function followed(average: Tensors, params: Tensors, decay: Tensors): Tensors {
  return Object.fromEntries(
    Object.entries(decay).map(([name, factor]) => {
      const now = params[name]!;
      return [name, tf.add(now, tf.mul(tf.sub(average[name]!, now), tf.expandDims(factor, 1)))];
    }),
  );
}

function changedRows(grad: tf.Tensor | undefined, count: number): tf.Tensor {
  if (!grad) return tf.zeros([count], 'int32');
  return tf.cast(tf.notEqual(tf.sum(tf.abs(grad), 1), tf.scalar(0)), 'int32');
}
