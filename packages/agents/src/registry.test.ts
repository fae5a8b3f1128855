import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { histories, mixed, mode } from './encoders/testing.ts';
import { createAgent, createEncoder, defineAgent, defineEncoder } from './registry.ts';

test.each([null, undefined, 'ce', ['ce'], 3])('a config that is no object is refused: %j', (config) => {
  const refused = (kind: string) =>
    expect.objectContaining({ code: 'E_OPTION_VALUE', message: expect.stringContaining(`config of an ${kind}`) });
  expect(() => createAgent(config as never)).toThrow(refused('agent'));
  expect(() => createEncoder(config as never)).toThrow(refused('encoder'));
  if (config) expect(() => createAgent({ type: 'ce', encoder: config } as never)).toThrow(refused('encoder'));
});

test('a definition whose schema holds values instead of options is refused', () => {
  const build = (): never => undefined as never;
  const refused = { code: 'E_ARGUMENT_TYPE', message: expect.stringContaining('schema.width must be an option') };
  expect(() => defineEncoder({ type: 'wide', schema: { width: 64 }, build } as never)).toThrow(
    expect.objectContaining(refused),
  );
  expect(() => defineAgent({ type: 'wide', schema: { width: 64 }, build } as never)).toThrow(
    expect.objectContaining(refused),
  );
});

test('a build that returns no parts is refused by name', () => {
  const refused = (message: string) =>
    expect.objectContaining({ code: 'E_ARGUMENT_TYPE', message: expect.stringContaining(message) });
  const encoder = defineEncoder({ type: 'no-parts', schema: {}, build: () => undefined as never });
  expect(() => encoder()).toThrow(refused('no-parts: build: result must be an object'));
  const blind = defineEncoder({
    type: 'blind',
    schema: {},
    build: () => ({ outputSize: 4, init: () => ({}) }) as never,
  });
  expect(() => blind()).toThrow(refused('blind: build: encode must be a function'));
  const agent = defineAgent({ type: 'no-parts', schema: {}, build: () => undefined as never });
  expect(() => agent({ encoder: createEncoder({ type: 'gru4rec' }) })).toThrow(refused('result must be an object'));
});

test.each<[string, number[]]>([
  ['a state per position', [2, 5, 4]],
  ['other columns than outputSize', [2, 3]],
])('an encoder that returns %s is refused', (what, shape) => {
  const states = tf.ones<tf.Rank.R2>(shape as [number, number]);
  const build = () => ({ outputSize: 4, init: () => ({}), encode: () => states });
  const encoder = defineEncoder({ type: what, schema: {}, build })();
  expect(() => encoder.encode({}, histories(...mixed), mode)).toThrow(
    expect.objectContaining({
      code: 'E_ENCODER_STATES',
      message: expect.stringContaining(`${what}: encode must return states of the shape [histories, 4]`),
    }),
  );
});
