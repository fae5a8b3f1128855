import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { test } from 'vitest';
import { expectEqual, reference, referencePath } from '../testing/reference.ts';

const script = fileURLToPath(new URL('../../python/reference.py', import.meta.url));

/** The exit status where a library is missing. */
const MISSING = 3;

test.skipIf(!process.env.LEA_PYTHON)(
  'the committed values are those of RecTools, ranx and SciPy (LEA_PYTHON names a Python that has them)',
  ({ skip }) => {
    const { status, stdout, stderr } = spawnSync(process.env.LEA_PYTHON!, [script, referencePath], {
      encoding: 'utf8',
    });
    if (status === MISSING) skip(stderr.trim().split('\n').at(-1));
    if (status !== 0) throw new Error(stderr);
    expectEqual(JSON.parse(stdout.replaceAll('NaN', 'null')), reference.values, 'values');
  },
);
