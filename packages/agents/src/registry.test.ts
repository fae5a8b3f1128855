import { expect, test } from 'vitest';
import { createAgent, createEncoder } from './registry.ts';

test.each([null, undefined, 'ce', ['ce'], 3])('a config that is no object is refused: %j', (config) => {
  const refused = (kind: string) =>
    expect.objectContaining({ code: 'E_OPTION_VALUE', message: expect.stringContaining(`config of an ${kind}`) });
  expect(() => createAgent(config as never)).toThrow(refused('agent'));
  expect(() => createEncoder(config as never)).toThrow(refused('encoder'));
  if (config) expect(() => createAgent({ type: 'ce', encoder: config } as never)).toThrow(refused('encoder'));
});
