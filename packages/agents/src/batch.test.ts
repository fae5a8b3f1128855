import { option, positive } from '@lea/core';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { meanLoss } from './agents/mean-loss.ts';
import { onePhase, supervisedParts } from './agents/parts.ts';
import { setUp } from './agents/testing.ts';
import { agentFactory } from './define.ts';
import { gru4rec } from './encoders/gru4rec.ts';
import { agentContext } from './testing/agent-context.ts';
import { agentChecks } from './testing/kits.ts';
import { violationOf } from './testing/spoiled.ts';
import { tellOnce } from './testing/tell-once.ts';

/** An agent whose loss reads these names of a batch. */
function reader(...names: string[]) {
  return agentFactory<{ lr: number }>({
    type: 'mine',
    schema: { lr: option(positive, 0.001) },
    build: ({ lr }, encoder) => ({
      ...supervisedParts({ loss: 'softmax', sampledItems: 1, samplingPower: 0, calibration: 0 }, encoder),
      phases: onePhase(lr),
      loss: ({ params, batch }) => {
        const sum = tf.sum(params['ce.weight']!);
        return meanLoss({ all: tf.mul(sum, tf.addN(names.map((name) => tf.cast(batch[name]!, 'float32')))) });
      },
    }),
  });
}

const encoder = gru4rec({ width: 4 });
const read = (name: string) => () => setUp(reader(name)({ encoder })).run({ batch: { action: tf.tensor1d([1, 2]) } });

test('a tensor that the batch does not hold is refused by its name, with the line that adds it', () => {
  expect(read('action')).not.toThrow();
  expect(read('reward')).toThrow(
    expect.objectContaining({
      code: 'E_BATCH_TENSOR',
      message:
        'mine: the loss reads batch.reward, which inputs does not list. Add it: inputs: (rows, window, ...rest) => ' +
        "({ ...parts.inputs(rows, window, ...rest), reward: { dtype: 'float32', shape: [rows] } }).",
    }),
  );
  expect(read('rewards')).toThrow(/batch\.rewards, which inputs does not list\. Did you mean "reward"\?/);
  expect(read('price')).toThrow(
    /batch\.price, which inputs does not list\. A batch can hold: items, length, action, rew/,
  );
});

test('a loss may look whether optional tensors are there', () => {
  const looking = agentFactory<{ lr: number }>({
    type: 'mine',
    schema: { lr: option(positive, 0.001) },
    build: ({ lr }, of) => ({
      ...supervisedParts({ loss: 'softmax', sampledItems: 1, samplingPower: 0, calibration: 0 }, of),
      phases: onePhase(lr),
      loss: ({ batch }) => meanLoss({ all: batch.targets ?? batch.candidates ?? tf.zeros([2]) }),
    }),
  });
  const { terms } = setUp(looking({ encoder })).run({ batch: { action: tf.tensor1d([1, 2]) } });
  expect(terms.all!.shape).toEqual([2]);
});

test('the kit tells it once: the first check fails, those that fail by it are skipped, and the others are made', async () => {
  const context = agentContext(reader('action', 'reward') as never);
  const [told, failed, skipped] = [new Set<string>(), [] as string[], [] as string[]];
  for (const [property, check] of Object.entries(agentChecks)) {
    const run = () =>
      tellOnce(
        () => check(context),
        told,
        () => skipped.push(property),
      );
    await run().catch((error) => error.code === 'E_BATCH_TENSOR' && failed.push(property));
  }
  await context.dispose();
  expect(failed).toEqual(['results repeat: chance comes only from keys']);
  expect(skipped).toContain('the loss reads exactly what inputs lists');
  expect(skipped).toContain('it learns a Markov chain');
  expect(skipped).not.toContain('a misspelled option is refused with the nearest name');
  const error = await violationOf(() => agentChecks['compiled equals eager']!(context));
  expect(error.code).toBe('E_BATCH_TENSOR');
});
