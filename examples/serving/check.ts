// Exports policies and compares the recommendations of Python with those of the policies:
// node --conditions=@lea/source check.ts [--python python3]
// Python needs onnxruntime and numpy. Prints one line; the exit status is 1 on any difference.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { differences } from './check/difference.ts';
import { exportPolicies, histories } from './check/policies.ts';
import { askPython } from './check/python.ts';

const { values: commands } = parseArgs({ options: { python: { type: 'string', default: 'python3' } } });
const folder = await mkdtemp(join(tmpdir(), 'serving-'));
try {
  await writeFile(join(folder, 'histories.json'), JSON.stringify(histories));
  const expected = await exportPolicies(folder);
  const { version, lists } = await askPython(commands.python, folder, Object.keys(expected));
  const { wrong, told } = differences(expected, lists);
  console.log(`Python (${version}): ${told}`);
  if (wrong > 0) process.exitCode = 1;
} catch (error) {
  console.log(`Python: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
} finally {
  await rm(folder, { recursive: true, maxRetries: 5 });
}
