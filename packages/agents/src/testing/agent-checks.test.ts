import * as tf from '@tensorflow/tfjs-core';
import { afterAll, describe, expect, test } from 'vitest';
import { gru4rec } from '../encoders/gru4rec.ts';
import { agentContext } from './agent-context.ts';
import { agentChecks } from './kits.ts';
import { agentSettings, encoderSettings } from './settings.ts';
import { checkOf, violationOf } from './spoiled.ts';
import { interfaces } from './spoiled-interfaces.ts';
import { losses } from './spoiled-losses.ts';
import { kept, training } from './spoiled-training.ts';

const small = gru4rec({ width: 8 });
const agents = [...interfaces, ...losses, ...training];
afterAll(() => tf.dispose(kept));

describe('a spoiled agent is found out', () => {
  test.each(agents)('%s: %s', async (property, _, factory, message, settings = {}) => {
    const context = agentContext(factory, { encoder: small, ...settings });
    const error = await violationOf(() => checkOf(agentChecks, property)(context));
    await context.dispose();
    expect(error.message).toMatch(message);
    const code = /inputs does not/.test(message.source) ? 'E_BATCH_TENSOR' : 'E_CONFORMANCE';
    expect(error).toMatchObject({ code, hint: expect.stringMatching(/\.$/) });
  });

  test('every property has been broken', () => {
    for (const name of Object.keys(agentChecks))
      expect(
        agents.some(([property]) => property.test(name)),
        name,
      ).toBe(true);
  });

  test('what a loss compares on purpose is let pass', () => {
    const [, , batchwise] = agents.find(([property]) => property.test('rows of a batch are independent'))!;
    const check = checkOf(agentChecks, /rows of a batch are independent/);
    expect(() => check(agentContext(batchwise, { encoder: small, separable: false }))).not.toThrow();
  });

  test('a loss that says it knows nothing of a memory is let pass', async () => {
    const [, , unaware] = agents.find(([, what]) => what === 'a loss that knows nothing of a memory')!;
    const check = checkOf(agentChecks, /with a memory/);
    await expect(check(agentContext(unaware, { encoder: small, memory: false }))).resolves.toBeUndefined();
  });

  test('misspelt settings are refused', () => {
    expect(() => agentSettings({ flor: 1 } as never, small)).toThrow(/Did you mean "floor"/);
  });

  test.each<[string, unknown]>([
    ['items', 9],
    ['window', 1],
    ['updates', 0],
    ['updates', 1.5],
    ['lr', Number.NaN],
    ['floor', 'x'],
    ['still', 'q.weight'],
    ['separable', 'no'],
    ['memory', 'no'],
  ])('settings that make no sense are refused: %s = %o', (name, value) => {
    const settings = { [name]: value } as never;
    const message = expect.stringMatching(new RegExp(`: (invalid value for )?${name}\\b`));
    const refused = expect.objectContaining({ code: 'E_OPTION_VALUE', message });
    expect(() => agentSettings(settings, small)).toThrow(refused);
    if (!['separable', 'memory'].includes(name)) expect(() => encoderSettings(settings)).toThrow(refused);
  });
});
