import { findPackageJSON } from 'node:module';
import { dirname, join } from 'node:path';

type Worker = 'speed/worker' | `speed/${'data' | 'env' | 'eval' | 'fit'}/worker`;
type Peer = 'torch_step.py' | 'data/read_log.py' | 'env/torch_step.py' | 'eval/torch_ranks.py' | 'fit/rectools_fit.py';

const root = dirname(findPackageJSON('.', import.meta.url)!);

/** The path of our measuring process: source in this repository, built code in the package. */
export function workerScript(name: Worker): string {
  return import.meta.url.endsWith('.ts') ? join(root, 'src', `${name}.ts`) : join(root, 'dist', `${name}.js`);
}

/** The path of the same work in another library. */
export function peerScript(name: Peer): string {
  return join(root, 'peers', name);
}
