// Follows the guides as a new user, each in an empty folder with an empty home and with packages installed from their tarballs:
// `node scripts/ways/main.mjs [names...] [--chromium chromium]`. Last line: "N passed, N failed".
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { counts, pack } from '../packed.mjs';
import { experiment } from './experiment.mjs';
import { extend } from './extend.mjs';
import { newcomer } from './page.mjs';
import { serve } from './serve.mjs';

const ways = { experiment, serve, extend };
const { positionals: given, values } = parseArgs({
  allowPositionals: true,
  options: { chromium: { type: 'string', default: 'chromium' } },
});
const unknown = given.find((name) => !Object.hasOwn(ways, name));
if (unknown) {
  console.error(`Expected a known name, got "${unknown}". The names are: ${Object.keys(ways).join(', ')}.`);
  process.exit(1);
}

const work = mkdtempSync(join(tmpdir(), 'lea-ways-'));
try {
  const packed = pack(['bench'], work);
  const home = join(work, 'home');
  mkdirSync(home);
  for (const name of given.length > 0 ? given : Object.keys(ways)) {
    const folder = join(work, name, 'here');
    mkdirSync(folder, { recursive: true });
    await ways[name](newcomer({ folder, home, packed }), values);
  }
} finally {
  rmSync(work, { recursive: true, force: true, maxRetries: 5 });
}
console.log(`${counts.passed} passed, ${counts.failed} failed`);
process.exit(counts.failed > 0 ? 1 : 0);
