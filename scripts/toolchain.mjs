// Gets the required Node and pnpm from the npm registry, installs from the frozen lockfile and runs one task:
// `node scripts/toolchain.mjs <task> [...arguments]`. Needs npm and any Node >= 20.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const NODE = 'node@24';
const PNPM = 'pnpm@12.21.0';

const tasks = {
  bench: (args) => node('--conditions=@lea/source', 'apps/bench/src/main.ts', ...args),
  test: (args) => pnpm('exec', 'vitest', 'run', ...args),
  golden: (args) => pnpm('exec', 'vitest', 'run', '.golden.test', ...args),
  check: () =>
    pnpm('exec', 'biome', 'check', '.') ||
    pnpm('exec', 'knip') ||
    pnpm('exec', 'depcruise', '{packages,apps}/*/src') ||
    pnpm('exec', 'turbo', 'run', 'typecheck', 'build', 'lint:package', '--output-logs=errors-only'),
  tamper: (args) => node('--conditions=@lea/source', 'apps/bench/src/tamper/main.ts', ...args),
  storm: (args) => node('--conditions=@lea/source', 'apps/bench/src/tamper/storm/main.ts', ...args),
  mutate: (args) => node('scripts/mutate.mjs', ...args),
  docs: (args) => node('docs/.vitepress/api.mjs') || pnpm('exec', 'vitepress', 'build', 'docs', ...args),
  'option-tables': (args) => node('--conditions=@lea/source', 'scripts/option-tables.mjs', ...args),
  'config-schema': (args) => node('--conditions=@lea/source', 'scripts/config-schema.mjs', ...args),
  'page-code': (args) => node('scripts/page-code.mjs', ...args),
  figure: (args) => node('scripts/results-figure.mjs', ...args),
  'serving-check': (args) => node('--conditions=@lea/source', 'examples/serving/check.ts', ...args),
  'browser-check': (args) =>
    pnpm('exec', 'turbo', 'run', 'build', '--filter=@lea/agents', '--filter=@lea/eval', '--output-logs=errors-only') ||
    node('--conditions=@lea/source', 'examples/serving/browser-check.ts', ...args),
  smollm2: (args) => node('--conditions=@lea/source', 'scripts/smollm2.mjs', ...args),
  'install-check': (args) => node('scripts/install-check.mjs', ...args),
  pack: (args) => node('scripts/pack.mjs', ...args),
  ways: (args) => node('scripts/ways/main.mjs', ...args),
  // Its tasks run side by side, so they do not install.
  ci: () => run('bash', ['.ci/run'], { env: { ...process.env, LEA_TOOLCHAIN: 'installed' } }),
};

const root = fileURLToPath(new URL('..', import.meta.url));
const [task, ...args] = process.argv.slice(2);
process.exit(process.env.LEA_TOOLCHAIN ? runTask() : enterToolchain());

/** Starts this file again with the required Node and pnpm first on the PATH. */
function enterToolchain() {
  if (!existsSync(new URL('../node_modules', import.meta.url))) {
    console.error('Installing Node, pnpm and all packages. This happens once and takes some minutes ...');
  }
  const npm = process.env.npm_execpath;
  const command = ['exec', '--yes', `--package=${NODE}`, `--package=${PNPM}`, '--', 'node', ...process.argv.slice(1)];
  const env = { ...process.env, LEA_TOOLCHAIN: '1', TURBO_TELEMETRY_DISABLED: '1' };
  return npm?.endsWith('.js')
    ? run(process.execPath, [npm, ...command], { env })
    : run('npm', command, { env, shell: process.platform === 'win32' });
}

function runTask() {
  if (!Object.hasOwn(tasks, task)) {
    console.error(`Expected a known task, got "${task}". The tasks are: ${Object.keys(tasks).join(', ')}.`);
    return 2;
  }
  if (process.env.LEA_TOOLCHAIN === 'installed') return tasks[task](args);
  // Only the task writes to standard output, because programs read the lines of `--json`.
  const installed = run('pnpm', ['install', '--frozen-lockfile', '--prefer-offline', '--reporter=append-only'], {
    stdio: ['ignore', process.env.LEA_TOOLCHAIN_VERBOSE ? 2 : 'ignore', 2],
    shell: process.platform === 'win32',
  });
  if (installed)
    console.error('Installing the dependencies failed (see above; LEA_TOOLCHAIN_VERBOSE=1 shows the full output).');
  return installed || tasks[task](args);
}

function node(...argv) {
  return run('node', argv);
}

function pnpm(...argv) {
  return run('pnpm', argv, { shell: process.platform === 'win32' });
}

function run(command, argv, options = {}) {
  // Ctrl-C also reaches the child, which saves its state and ends by itself.
  process.on('SIGINT', () => {});
  const result = spawnSync(command, argv, { cwd: root, stdio: 'inherit', ...options });
  if (result.error) console.error(`Cannot run ${command}: ${result.error.message}`);
  return result.status ?? 1;
}
