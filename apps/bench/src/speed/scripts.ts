import { findPackageJSON } from 'node:module';
import { dirname, join } from 'node:path';

const root = dirname(findPackageJSON('.', import.meta.url)!);

type WorkerName = 'speed/worker' | 'speed/data/worker' | 'speed/env/worker' | 'speed/eval/worker';
type PeerName = 'torch_step.py' | 'data/read_log.py' | 'env/torch_step.py' | 'eval/torch_ranks.py';

/** The path of our measuring process: source in this repository, built code in the package. */
export function workerScript(name: WorkerName): string {
  return import.meta.url.endsWith('.ts') ? join(root, 'src', `${name}.ts`) : join(root, 'dist', `${name}.js`);
}

/** The path of the same work in another library. */
export function peerScript(name: PeerName): string {
  return join(root, 'peers', name);
}
