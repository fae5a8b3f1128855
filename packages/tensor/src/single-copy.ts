import { fileURLToPath } from 'node:url';
import { LeaError } from '@lea/core';

/** All copies share this place, because a registered symbol is the same in all of them. */
const PLACE = Symbol.for('@lea/tensor');

/**
 * Refuses a second copy of this package in a process. tfjs keeps kernels, gradients and backends in globals, so two copies would
 * overwrite each other's, and a type that was defined with one copy of the toolkit is unknown to the other.
 *
 * @param url of a module of this copy
 * @throws LeaError `E_SECOND_COPY`
 */
export function refuseSecondCopy(url: string): void {
  const known = globalThis as { [PLACE]?: string };
  const first = known[PLACE];
  if (first !== undefined) {
    throw new LeaError(
      'E_SECOND_COPY',
      `A program needs a single copy of @lea/tensor, but ${shown(first)} is loaded.`,
      {
        value: shown(url),
        hint:
          first === url
            ? 'The same file is loaded twice, for instance after vi.resetModules(). Load it once in a process.'
            : 'Remove @lea packages from the dependencies of your own package, list them in its peerDependencies, and install ' +
              'package and program together as workspaces of one folder: see docs/extend.md, "Your package". Bundles that ' +
              'run in one process must share the package.',
      },
    );
  }
  known[PLACE] = url;
}

function shown(url: string): string {
  return url.startsWith('file:') ? fileURLToPath(url) : url;
}
