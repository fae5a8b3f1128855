import { readFile } from 'node:fs/promises';
import { findPackageJSON, isBuiltin, registerHooks } from 'node:module';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { agentTypes, encoderTypes } from '@lea/agents';
import { contentHash, definitionCount, LeaError } from '@lea/core';
import { datasetTypes } from '@lea/data';
import { baselineTypes, definedMeasures } from '@lea/eval';

/** Versions of imported packages, by name; that of a linked package ends with a hash of its code: `0.1.0+3f5a9c01d2`. */
export type PackageVersions = Readonly<Record<string, string>>;

/**
 * Imports the packages that a config names, which defines their agents, encoders, data sets, baselines and measures. They are
 * resolved from the config's folder first, then from the bench. If they import packages of this toolkit, they get the bench's
 * own copy, because a type is known only to the copy in which it was defined.
 *
 * @throws LeaError `E_PACKAGE_MISSING`, `E_PACKAGE_IMPORT`, `E_PACKAGE_VERSION`, `E_PACKAGE_EMPTY`
 */
export async function importPackages(
  names: readonly string[],
  folder: string,
  origin: string,
): Promise<PackageVersions> {
  const versions: Record<string, string> = {};
  for (const name of names) versions[name] = await importPackage(name, folder, origin);
  return versions;
}

/** Packages of this toolkit, and the tensor library that they share. */
const SHARED = /^(@lea\/(core|data|tensor|agents|env|train|eval)|@tensorflow\/tfjs-core)(\/|$)/;

/** Modules that were imported before, on behalf of this or another package: their definitions are known already. */
const imported = new Set<string>();

/** The modules that a module imports, by its address. */
const imports = new Map<string, Set<string>>();

/** What is known of the packages that were imported, by name: the address of the entry, the folder, and the types. */
const packages = new Map<string, { readonly url: string; readonly home: string; readonly types: Set<string> }>();

/** All defined types with their kinds: a data set and a baseline may have the same name. */
const typesNow = (): Set<string> => {
  const kinds = [agentTypes(), encoderTypes(), datasetTypes(), baselineTypes(), definedMeasures()];
  return new Set(kinds.flatMap((types, kind) => types.map((type) => `${kind}/${type}`)));
};

/**
 * Those packages whose types a part of a config names, and those that are linked with them by imports, in either direction. A
 * package without types belongs to everything, unless another one imports it.
 */
export function usedPackages(part: unknown, versions: PackageVersions): PackageVersions {
  const named = new Set<unknown>();
  JSON.stringify(part, (name, value: unknown) => {
    if (name === 'type') named.add(value);
    return value;
  });
  const names = Object.keys(versions);
  const typesOf = (name: string) => [...(packages.get(name)?.types ?? [])].map((type) => type.replace(/^\d\//, ''));
  const isFree = (name: string) => names.every((other) => other === name || !reaches(other, name));
  const isUsed = (name: string): boolean => {
    const types = typesOf(name);
    return types.length === 0 ? isFree(name) : types.some((type) => named.has(type));
  };
  const used = new Set(names.filter(isUsed));
  // A set visits what is added meanwhile.
  for (const name of used) {
    for (const other of names) if (reaches(name, other) || reaches(other, name)) used.add(other);
  }
  return Object.fromEntries(names.filter((name) => used.has(name)).map((name) => [name, versions[name]!]));
}

function reaches(from: string, to: string): boolean {
  const [source, target] = [packages.get(from), packages.get(to)];
  if (!source || !target) return false;
  return [...reachable(source.url)].some((url) => url.startsWith(target.home));
}

/** The modules that one imports, directly or through others, and itself. */
function reachable(entry: string): Set<string> {
  const seen = new Set([entry]);
  // A set visits what is added meanwhile.
  for (const url of seen) for (const next of imports.get(url) ?? []) seen.add(next);
  return seen;
}

const definitions = (): number => definitionCount() + definedMeasures().length;

async function importPackage(name: string, folder: string, origin: string): Promise<string> {
  if (isBuiltin(name)) {
    throw new LeaError(
      'E_PACKAGE_MISSING',
      `${origin}, at packages: expected an npm package, got a built-in module of Node.`,
      {
        value: name,
        hint: 'Name a package that defines agents, encoders, data sets, baselines or measures.',
      },
    );
  }
  const parents = [pathToFileURL(join(folder, 'config.json')).href, import.meta.url];
  let url: string | undefined;
  let first: unknown;
  const [before, known, typesBefore] = [definitions(), new Set(imported), typesNow()];
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      if (SHARED.test(specifier)) return next(specifier, { ...context, parentURL: import.meta.url });
      if (specifier !== name || context.parentURL !== import.meta.url) {
        const found = next(specifier, context);
        imported.add(found.url);
        const parent = context.parentURL ?? '';
        imports.set(parent, (imports.get(parent) ?? new Set()).add(found.url));
        return found;
      }
      for (const parentURL of parents) {
        try {
          const found = next(specifier, { ...context, parentURL });
          url = found.url;
          imported.add(found.url);
          return found;
        } catch (error) {
          first ??= error;
          if (parentURL === parents.at(-1)) throw error;
        }
      }
      return next(specifier, context);
    },
  });
  try {
    await import(name);
  } catch (cause) {
    if (!url) throw unresolved(name, parents[0]!, origin, first ?? cause);
    const { message } = cause as Error;
    const hint = importHint(cause as NodeJS.ErrnoException);
    throw new LeaError(
      'E_PACKAGE_IMPORT',
      `${origin}, at packages: importing ${name} failed: ${message}${hint && '.'}`,
      {
        cause,
        ...(hint && { hint }),
      },
    );
  } finally {
    hooks.deregister();
  }
  const path = findPackageJSON(url!);
  const { version } = path ? (JSON.parse(await readFile(path, 'utf8')) as { version?: string }) : {};
  if (!version) {
    throw new LeaError('E_PACKAGE_VERSION', `${origin}, at packages: expected a package with a version.`, {
      value: name,
      hint: 'Add "version" to its package.json; the bench uses it to distinguish runs.',
    });
  }
  if (!known.has(url!) && definitions() === before) {
    throw new LeaError('E_PACKAGE_EMPTY', `${origin}, at packages: the package defines nothing.`, {
      value: name,
      hint: 'Its entry must call defineAgent, defineEncoder, defineDataset, defineBaseline or defineMeasure when it is imported.',
    });
  }
  const types = new Set(packages.get(name)?.types);
  for (const type of typesNow()) if (!typesBefore.has(type)) types.add(type);
  packages.set(name, { url: url!, home: pathToFileURL(join(dirname(path!), '/')).href, types });
  return versionOf(version, dirname(path!), url!);
}

/**
 * The code of a linked package changes without its version. Its files are those that its entry imports, also from other linked
 * packages; other files in its folder, such as the runs of the bench, do not count.
 */
async function versionOf(version: string, folder: string, entry: string): Promise<string> {
  if (folder.split(sep).includes('node_modules')) return version;
  const own = [...reachable(entry)].filter((url) => url.startsWith('file:') && !url.includes('/node_modules/'));
  const files = new Map(own.map((url) => [relative(folder, fileURLToPath(url)), url]));
  const names = [...files.keys()].sort();
  const contents = await Promise.all(names.map((name) => readFile(new URL(files.get(name)!))));
  return `${version}+${contentHash(names, ...contents).slice(0, 10)}`;
}

function importHint({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING')
    return 'Node does not run TypeScript in node_modules. Link the folder with npm i ../mine, or publish JavaScript.';
  if (/^Unexpected token 'export'|outside a module/.test(message))
    return 'Node reads it as CommonJS. Write "type": "module" in its package.json.';
  return '';
}

function unresolved(name: string, parent: string, origin: string, cause: unknown): LeaError {
  if (isInstalled(name, parent)) {
    return new LeaError('E_PACKAGE_IMPORT', `${origin}, at packages: ${name} is installed, but cannot be imported.`, {
      hint: 'Set an entry point that exists in its package.json, for example "exports": "./index.js".',
      cause,
    });
  }
  return new LeaError('E_PACKAGE_MISSING', `${origin}, at packages: the package is not installed.`, {
    value: name,
    hint: `Install it in the folder of the config: npm i ${name}.`,
    cause,
  });
}

function isInstalled(name: string, parent: string): boolean {
  try {
    return findPackageJSON(name, parent) !== undefined;
  } catch {
    return false;
  }
}
