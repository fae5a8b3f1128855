import { expect, it } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { checkNode } from './check-node.ts';

it.each(['22.18.0', '22.21.3', '23.0.0', '24.1.0', '100.0.0'])('takes Node %s', (version) => {
  expect(() => checkNode(version)).not.toThrow();
});

it.each(['22.17.9', '20.20.2', '9.99.0'])('refuses Node %s', (version) => {
  expect(() => checkNode(version)).toThrow(
    `Expected Node 22.18 or newer. Got "${version}". Install a current version from nodejs.org.`,
  );
});

it('is what the manifest says', () => {
  expect(manifest.engines.node).toBe('>=22.18');
});
