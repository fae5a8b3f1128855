import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** How a child process ended. */
export interface ChildEnd {
  readonly code: number | null;
  /** The signal that ended it. */
  readonly by: NodeJS.Signals | null;
}

/**
 * Runs a command of the bench in a process of its own. When the signal aborts, the child is asked once to save and end. It also
 * ends when this process is gone, because the channel between both closes then.
 *
 * @param words the command and its arguments
 * @param onLine gets each line of standard error
 */
export async function runChild(
  words: readonly string[],
  signal: AbortSignal,
  onLine: (line: string) => void,
): Promise<ChildEnd> {
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1]!, ...words], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    // A child does one job, and need not know of a queue.
    env: { ...process.env, LEA_QUEUE: undefined },
  });
  const ended = once(child, 'close') as Promise<[ChildEnd['code'], ChildEnd['by']]>;
  createInterface({ input: child.stderr! }).on('line', onLine);
  const save = () => void child.kill('SIGINT');
  const kill = () => void child.kill('SIGKILL');
  signal.addEventListener('abort', save, { once: true });
  process.once('exit', kill);
  try {
    const [code, by] = await ended;
    return { code, by };
  } finally {
    signal.removeEventListener('abort', save);
    process.off('exit', kill);
  }
}
