import { execFileSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { checkNode, OLDEST_NODE } from './node-version.ts';

test.each(['20.20.2', '22.17.1', '18.0.0'])('Node %s is refused', (node) => {
  expect(() => checkNode({ node })).toThrow(
    expect.objectContaining({
      code: 'E_NODE_VERSION',
      message: `@lea packages need Node 22.18 or newer. Got Node ${node}. Install a newer one, for example with nvm install 24.`,
    }),
  );
});

test.each([
  { node: '22.18.0' },
  { node: '24.0.0' },
  { node: '100.1.0' },
  { node: '20.11.1', deno: '2.0.0' },
  { node: '18.15.0', bun: '1.0.0' },
  {},
  undefined,
])('%o may run the packages', (versions) => {
  expect(() => checkNode(versions)).not.toThrow();
});

test('the oldest Node is that of every package', () => {
  const packages = fileURLToPath(new URL('../..', import.meta.url));
  const manifests = globSync('*/package.json', { cwd: packages });
  expect(manifests.length).toBeGreaterThan(6);
  for (const path of manifests)
    expect(JSON.parse(readFileSync(`${packages}${path}`, 'utf8')).engines.node, path).toBe(`>=${OLDEST_NODE}`);
});

test('an old Node is told when the package is loaded', () => {
  const entry = JSON.stringify(new URL('index.ts', import.meta.url).href);
  const program = `Object.defineProperty(process, 'versions', { value: { node: '20.20.2' } });
    await import(${entry}).catch(({ code }) => console.log(code));`;
  const printed = execFileSync(process.execPath, ['--conditions=@lea/source', '--input-type=module', '-e', program]);
  expect(String(printed)).toBe('E_NODE_VERSION\n');
});
