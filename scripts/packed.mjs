// Builds and packs packages of this repository, and installs them like a user: with npm and its scripts, in an empty project.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

/** The folder of each package, by its name without `@lea/`. */
export const folders = Object.fromEntries(
  [...readdirSync(join(root, 'packages')).map((name) => join('packages', name)), join('apps', 'bench')].map(
    (folder) => [basename(folder), folder],
  ),
);
export const packages = Object.fromEntries(
  Object.entries(folders).map(([name, folder]) => [name, readJson(join(root, folder, 'package.json'))]),
);

/** The number of passed and failed checks. */
export const counts = { passed: 0, failed: 0 };

/** Prints the result of a check, and its output if it failed. Returns whether it succeeded. */
export function step(name, { status, stdout, stderr, error }) {
  console.log(`${status === 0 ? 'ok    ' : 'FAILED'} ${name}`);
  counts[status === 0 ? 'passed' : 'failed']++;
  if (status === 0) return true;
  console.log(`${stdout ?? ''}${stderr ?? ''}${error?.message ?? ''}`.trimEnd().replace(/^/gm, '       '));
  return false;
}

export function run(command, args, options = {}) {
  // Neither the conditions of this repository nor its workspace reach the child.
  const { NODE_OPTIONS: _, ...env } = process.env;
  const shell = process.platform === 'win32' && command !== process.execPath;
  return spawnSync(command, args, { cwd: root, env, encoding: 'utf8', shell, ...options });
}

/**
 * Builds and packs packages and their dependencies in this repository; returns the files by name. With the environment variable
 * `LEA_PACKED`, they are those that `npm run pack` has written to that folder, so that several checks can run at a time.
 */
export function pack(names, work) {
  const wanted = [...new Set(names.flatMap(closure))];
  const ready = process.env.LEA_PACKED;
  const filters = wanted.map((name) => `--filter=@lea/${name}`);
  if (!ready) step('build', run('pnpm', ['exec', 'turbo', 'run', 'build', ...filters, '--output-logs=errors-only']));
  const platform = `${process.platform}-${process.arch}`;
  const sources = [
    ...wanted.map((name) => [name, folders[name]]),
    // ONNX Runtime for this machine, which comes with @lea/tensor.
    [`onnxruntime-${platform}`, join('runtimes', platform)],
  ];
  const packed = sources.map(([name, folder]) => {
    const destination = join(ready ?? work, 'packed', name);
    if (ready) return [name, join(destination, readdirSync(destination)[0])];
    mkdirSync(destination, { recursive: true });
    const made = run('pnpm', ['pack', '--pack-destination', destination], { cwd: join(root, folder) });
    step(`@lea/${name} packs`, made);
    return [name, join(destination, readdirSync(destination)[0])];
  });
  return Object.fromEntries(packed);
}

/**
 * The specifiers that npm installs for these names. Packages of this repository may not be on the registry yet, so they are
 * replaced by their tarballs.
 */
export function installable(dependencies, packed) {
  const own = dependencies.flatMap((name) => (name.startsWith('@lea/') ? closure(name.slice('@lea/'.length)) : []));
  const files = [...new Set(own)].map((name) => packed[name]);
  if (own.includes('tensor')) files.push(packed[`onnxruntime-${process.platform}-${process.arch}`]);
  return [...files, ...dependencies.filter((name) => !name.startsWith('@lea/'))];
}

/** A package and the packages of this repository that it depends on. */
function closure(name) {
  const own = Object.keys(packages[name].dependencies ?? {}).filter((dependency) => dependency.startsWith('@lea/'));
  return [...new Set([name, ...own.flatMap((dependency) => closure(dependency.slice('@lea/'.length)))])];
}

export function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}
