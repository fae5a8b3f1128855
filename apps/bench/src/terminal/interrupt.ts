import { printable } from './printable.ts';

/** The reason of the abort signal. */
class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/**
 * Runs work that saves its state and ends early when the process is asked to stop (Ctrl-C, SIGTERM). A second Ctrl-C ends the
 * process immediately. A child of another bench leaves that to its parent, since Ctrl-C reaches both; it stops when the parent
 * is gone.
 *
 * @param command the command that resumes the work
 */
export async function interruptible(command: string, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const controller = new AbortController();
  const isChild = process.channel !== undefined;
  const stop = (): void => {
    if (controller.signal.aborted && isChild) return;
    if (controller.signal.aborted) process.exit(130);
    process.stderr.write('\nSaving. Press Ctrl-C again to stop immediately.\n');
    controller.abort(new Interrupted('Stopped on request.'));
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  process.on('disconnect', stop);
  // The channel to a parent must not keep a finished process alive.
  process.channel?.unref();
  // When the parent is gone, nobody reads what is written while the state is saved.
  if (isChild) process.stderr.on('error', () => {});
  try {
    await work(controller.signal);
  } catch (error) {
    if (!controller.signal.aborted || !isAbort(error)) throw error;
    process.stderr.write(`\nStopped. Progress is saved. To resume, run:\n  ${printable(command)}\n`);
    process.exitCode = 130;
  } finally {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
    process.off('disconnect', stop);
  }
}

function isAbort(error: unknown): boolean {
  return (
    error instanceof Error && (error.name === 'Interrupted' || error.name === 'AbortError' || isAbort(error.cause))
  );
}
