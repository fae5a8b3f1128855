import { sha256 as portable } from '@noble/hashes/sha2.js';

/** A hash that grows. */
interface Hash {
  update(bytes: Uint8Array): unknown;
  digest(): Uint8Array;
}

/**
 * SHA-256: Node's own, which is several times as fast, or in JavaScript where there is no Node: browsers have only an
 * asynchronous one.
 */
export function sha256(node: Pick<typeof import('node:crypto'), 'createHash'> | null = nodeCrypto()): Hash {
  return node ? node.createHash('sha256') : portable.create();
}

/** Asked for at run time, so that bundlers for the browser meet no module of Node. */
function nodeCrypto(): typeof import('node:crypto') | null {
  return globalThis.process?.getBuiltinModule?.('node:crypto') ?? null;
}
