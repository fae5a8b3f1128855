import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

test('a second copy in a process is refused with both places, and without warnings of tfjs', () => {
  const first = new URL('index.ts', import.meta.url).href;
  const second = new URL('tfjs.ts?copy', import.meta.url).href;
  const program = `await import('${first}'); await import('${second}').catch((e) => console.log(e.code, e.message));`;
  const options = ['--conditions=@lea/source', '--input-type=module', '-e', program];
  const { stdout, stderr } = spawnSync(process.execPath, options, { encoding: 'utf8' });
  expect(stderr).toBe('');
  const place = fileURLToPath(new URL('tfjs.ts', import.meta.url));
  expect(stdout).toMatch(/^E_SECOND_COPY A program needs a single copy of @lea\/tensor, but .* is loaded\. Got ".*"\./);
  expect(stdout.split(place)).toHaveLength(3);
  expect(stdout).toContain('peerDependencies');
});
