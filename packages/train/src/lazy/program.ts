import type { Agent, Phase } from '@lea/agents';
import { type Program, pick, prefixed, type Tensors } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs';
import { learningStep } from '../program.ts';
import type { Table } from './tables.ts';

/**
 * One training step that reads and writes only the rows of its batch: the item tables are frozen feeds over the host's
 * memory, the step gathers the rows it needs, learns on a catalogue of just these, and gives their next values out.
 *
 * State: what has no rows of items, named as in `trainingProgram`. Inputs: those of a compact batch, `rows` int32 [size + 1],
 * `key`, and with a moving average `decay/...` [rows] per table. Frozen: the arrays of the tables, the `target/...` that is
 * not learned, tensors over all items. Outputs: `loss`, the agent's metrics, `rows/...` per array and `changed/...` per table,
 * int32 0/1: whether the row had a gradient other than zero.
 *
 * @param items size of the catalogue
 */
export function lazyProgram(agent: Agent, phase: Phase, tables: readonly Table[], items: number): Program {
  const step = learningStep(agent, phase);
  return ({ state, inputs, frozen }) => {
    const { key, rows, ...rest } = inputs;
    const batch = Object.fromEntries(Object.entries(rest).filter(([name]) => !name.startsWith('decay/')));
    const first = (count: number) => tf.slice(rows! as tf.Tensor1D, [0], [count]);
    const gathered = (prefix: string): Tensors =>
      Object.fromEntries(
        tables.map(({ name, rows: count, padded }) => [
          name,
          tf.gather(frozen[prefix + name]!, padded ? (rows! as tf.Tensor1D) : first(count)),
        ]),
      );
    const params = { ...pick('params/', state), ...gathered('params/') };
    const slots = {
      ...pick('slots/', state),
      ...prefixed('m/', gathered('slots/m/')),
      ...prefixed('v/', gathered('slots/v/')),
    };
    const targetRows = agent.target === 'none' ? {} : gathered('target/');
    const target =
      agent.target === 'polyak'
        ? { ...pick('target/', state), ...followed(targetRows, params, pick('decay/', inputs)) }
        : { ...pick('target/', frozen), ...targetRows };
    const known = rows!.size - 1;
    const overItems = Object.fromEntries(
      Object.entries(frozen)
        .filter(([name]) => !name.includes('/'))
        .map(([name, tensor]) => [name, tf.gather(tensor, first(known))]),
    );
    const { next, grads, outputs } = step({ params, slots, target, batch, key: key!, frozen: overItems, items });

    const arrays = new Set(tables.flatMap((table) => table.arrays));
    const nextState = Object.fromEntries(Object.entries(next).filter(([name]) => !arrays.has(name)));
    const nextRows = Object.fromEntries([...arrays].map((name) => [`rows/${name}`, next[name]!]));
    const changed = tables.map(({ name, rows: count }) => [`changed/${name}`, changedRows(grads[name], count)]);
    return { state: nextState, outputs: { ...outputs, ...nextRows, ...Object.fromEntries(changed) } };
  };
}

/**
 * The rows of the moving average as they stand now. A row whose parameters rest comes nearer by the factor 1 - tau in every
 * update, so what it missed since it was last written is one power of that: `decay`.
 */
function followed(rows: Tensors, params: Tensors, decay: Tensors): Tensors {
  return Object.fromEntries(
    Object.entries(rows).map(([name, old]) => {
      const now = params[name]!;
      const factor = decay[name]!.reshape([-1, ...old.shape.slice(1).map(() => 1)]);
      return [name, tf.add(now, tf.mul(tf.sub(old, now), factor))];
    }),
  );
}

function changedRows(grad: tf.Tensor | undefined, count: number): tf.Tensor {
  if (!grad) return tf.zeros([count], 'int32');
  return tf.notEqual(tf.sum(tf.abs(grad.reshape([count, -1])), 1), tf.scalar(0)).toInt();
}
