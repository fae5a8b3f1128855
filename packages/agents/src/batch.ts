import { LeaError, nearest } from '@lea/core';
import type { Tensors } from '@lea/tensor';

/** The spec of each tensor that a batch can hold, for B rows, as written in `inputs`. */
const SPECS: Readonly<Record<string, string>> = {
  items: "{ dtype: 'int32', shape: [rows, window] }",
  length: "{ dtype: 'int32', shape: [rows] }",
  action: "{ dtype: 'int32', shape: [rows] }",
  reward: "{ dtype: 'float32', shape: [rows] }",
  done: "{ dtype: 'float32', shape: [rows] }",
  nextItems: "{ dtype: 'int32', shape: [rows, window] }",
  nextLength: "{ dtype: 'int32', shape: [rows] }",
  environmentState: "{ dtype: 'float32', shape: [rows, stateSize] }",
  nextEnvironmentState: "{ dtype: 'float32', shape: [rows, stateSize] }",
};

/** Tensors that a batch may lack: a loss may check whether they are present. */
const OPTIONAL: ReadonlySet<string> = new Set([
  'targets',
  'targetWeights',
  'targetRewards',
  'negatives',
  'candidates',
  'offsets',
  'rowWeight',
]);

/** Names that JavaScript itself asks for, when an object is awaited or printed. */
const ASKED: ReadonlySet<string> = new Set(['then', 'toJSON']);

/**
 * The batch, which refuses to be asked for a tensor that it does not hold. tfjs would only say that an argument is `null`.
 *
 * @param type of the agent, for errors
 * @throws LeaError `E_BATCH_TENSOR` when a name is read
 */
export function checkedBatch(type: string, batch: Tensors): Tensors {
  return new Proxy(batch, {
    get(of, name) {
      const known = typeof name === 'symbol' || name in of || OPTIONAL.has(name) || ASKED.has(name);
      if (!known) throw unlisted(type, name, of);
      return Reflect.get(of, name);
    },
  });
}

function unlisted(type: string, name: string, batch: Tensors): LeaError {
  const what = `${type}: the loss reads batch.${name}, which inputs does not list.`;
  const spec = Object.hasOwn(SPECS, name) ? SPECS[name] : undefined;
  if (spec) {
    const hint = `Add it: inputs: (rows, window, ...rest) => ({ ...parts.inputs(rows, window, ...rest), ${name}: ${spec} }).`;
    return new LeaError('E_BATCH_TENSOR', what, { hint });
  }
  const names = [...new Set([...Object.keys(SPECS), ...Object.keys(batch), ...OPTIONAL])];
  const near = nearest(name, names);
  const hint = near ? `Did you mean "${near}"?` : `A batch can hold: ${names.join(', ')}.`;
  return new LeaError('E_BATCH_TENSOR', what, { hint });
}
