import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

test('the code of docs/fidelity.md runs', async () => {
  const page = readFileSync(new URL('../../../../docs/fidelity.md', import.meta.url), 'utf8');
  const blocks = [...page.matchAll(/^```ts\n(.*?)^```/gms)].map(([, code]) => code!);
  expect(blocks).toHaveLength(1);
  const args = ['--conditions=@lea/source', '--input-type=module-typescript', '--eval', blocks[0]!];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: import.meta.dirname });
  // accuracies of environment and control, the interval of their difference, the calibration error
  expect(stdout).toMatch(/^0\.\d+ 0\.\d+ \[ -?0\.\d+, -?0\.\d+ \]\n0\.\d+\n$/);
});
