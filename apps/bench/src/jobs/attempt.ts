import { runChild } from './child.ts';

/** Who is told how a job in a child process goes on. */
export interface Watch {
  readonly signal: AbortSignal;
  /** The newest line of progress, without its number. */
  readonly onProgress: (line: string) => void;
  /** The child was killed, and is started once more. */
  readonly onRestart: (by: NodeJS.Signals) => void;
}

/**
 * Does a job in a child process. A child that was killed, for instance because memory ran out, is started once more.
 *
 * @param words the command that does the job
 * @returns why it is not done; undefined when it is
 * @throws the signal's reason when it aborts, after the child has ended
 */
export async function attempt(
  words: readonly string[],
  { signal, onProgress, onRestart }: Watch,
): Promise<string | undefined> {
  for (let last = false; ; last = true) {
    signal.throwIfAborted();
    let said: string | undefined;
    const { code, by } = await runChild(words, signal, (line) => {
      // The child counts its only job.
      if (line.startsWith(NUMBER)) onProgress(line.slice(NUMBER.length));
      else if (/^\S/.test(line)) said = line;
    });
    if (code === 0) return undefined;
    signal.throwIfAborted();
    if (by === null) return said ?? `its process ended with code ${code}`;
    if (last) return `its process was ended by ${by}, twice. Memory may be short: do fewer jobs at a time.`;
    onRestart(by);
  }
}

const NUMBER = '[1/1] ';
