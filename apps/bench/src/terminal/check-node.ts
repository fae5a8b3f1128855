import { LeaError } from '@lea/core';

/** The oldest Node that the packages run on, as their `engines` say. */
const OLDEST = [22, 18] as const;

/** Rejects a version of Node that is too old, before code is loaded that it cannot run. @throws LeaError `E_NODE_VERSION` */
export function checkNode(version: string = process.versions.node): void {
  const [major, minor] = version.split('.').map(Number);
  if (major! > OLDEST[0] || (major === OLDEST[0] && minor! >= OLDEST[1])) return;
  throw new LeaError('E_NODE_VERSION', `Expected Node ${OLDEST.join('.')} or newer.`, {
    value: version,
    hint: 'Install a current version from nodejs.org.',
  });
}
