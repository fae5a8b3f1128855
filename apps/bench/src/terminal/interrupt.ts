import { printable } from './printable.ts';

/** Why a signal was given. */
class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/**
 * Runs work that ends early, everything saved, when the process is asked to stop (Ctrl-C, SIGTERM); a second Ctrl-C
 * ends it at once.
 *
 * @param command what goes on with the work when typed again
 */
export async function interruptible(command: string, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const controller = new AbortController();
  const stop = (): void => {
    if (controller.signal.aborted) process.exit(130);
    process.stderr.write('\nSaving; Ctrl-C again ends at once.\n');
    controller.abort(new Interrupted('Stopped on request.'));
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  try {
    await work(controller.signal);
  } catch (error) {
    if (!controller.signal.aborted || !isAbort(error)) throw error;
    process.stderr.write(`\nStopped. What was done is saved; this goes on from there:\n  ${printable(command)}\n`);
    process.exitCode = 130;
  } finally {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  }
}

function isAbort(error: unknown): boolean {
  return (
    error instanceof Error && (error.name === 'Interrupted' || error.name === 'AbortError' || isAbort(error.cause))
  );
}
