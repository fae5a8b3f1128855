import { LeaError } from './error.ts';

/** The oldest Node that the packages run on: `engines` of every package. */
export const OLDEST_NODE = '22.18';

/**
 * Refuses versions of Node that lack functions the packages call; npm only warns of them. Other runtimes are let pass: browsers
 * have no versions, and Deno and Bun name themselves beside the Node that they imitate.
 *
 * @param versions `process.versions`
 * @throws LeaError `E_NODE_VERSION`
 */
export function checkNode(versions: { node?: string; bun?: string; deno?: string } | undefined): void {
  if (!versions?.node || versions.bun || versions.deno) return;
  const [major = 0, minor = 0] = versions.node.split('.').map(Number);
  const [oldest = 0, oldestMinor = 0] = OLDEST_NODE.split('.').map(Number);
  if (major > oldest || (major === oldest && minor >= oldestMinor)) return;
  throw new LeaError('E_NODE_VERSION', `@lea packages need Node ${OLDEST_NODE} or newer.`, {
    value: versions.node,
    got: `Node ${versions.node}`,
    hint: 'Install a newer one, for example with nvm install 24.',
  });
}
