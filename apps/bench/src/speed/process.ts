import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { LeaError } from '@lea/core';
import type { Ready, Round } from './settings.ts';

/** A measuring process that runs a round on request. */
export interface Worker {
  readonly ready: Ready;
  round(): Promise<Round>;
  end(): Promise<void>;
}

/**
 * Starts a measuring process and waits until it is ready.
 *
 * @param hint the hint of the error if the process fails
 * @throws LeaError `E_WORKER` with the last line that the process wrote to standard error
 */
export async function startWorker(
  command: string,
  args: readonly string[],
  hint: string,
  env: Record<string, string> = {},
): Promise<Worker> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, ...env } });
  let complaints = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints = (complaints + text).slice(-4000);
  });
  child.stdin.on('error', () => {}); // The exit of the process is reported instead.
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ended = new Promise<number | string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code) => resolve(code ?? 'a signal'));
  });
  const next = async <T>(): Promise<T> => {
    const { value, done } = await Promise.race([lines.next(), ended.then(() => lines.next())]);
    if (!done && value !== undefined) return JSON.parse(value) as T;
    const last = complaints.trim().split('\n').at(-1);
    throw new LeaError(
      'E_WORKER',
      `A measuring process (${command}) ended early with ${await ended}: ${last || 'no message'}.`,
      { hint },
    );
  };
  const ready = await next<Ready>();
  return {
    ready,
    round: () => {
      child.stdin.write('round\n');
      return next<Round>();
    },
    end: async () => {
      child.stdin.end();
      await ended;
    },
  };
}
