import { createInterface } from 'node:readline';
import { versions } from '../experiment/versions.ts';
import { describeFailure } from '../terminal/failure.ts';
import type { Ready, Round, Rounds } from './settings.ts';

/**
 * Runs a measuring process: prepares, writes `Ready`, then runs one round of `steps` steps for every line on standard input
 * and writes a `Round`. The peers in Python follow the same protocol.
 */
export async function serveRounds(steps: number, prepare: () => Promise<Rounds>): Promise<void> {
  process.once('uncaughtException', (error) => {
    process.stderr.write(`${describeFailure(error, false)}\n`);
    process.exit(1);
  });
  const rounds = await prepare();
  say({ versions: versions() } satisfies Ready);
  for await (const _ of createInterface({ input: process.stdin })) {
    const started = performance.now();
    const cpuBefore = process.cpuUsage();
    const losses = await rounds.round();
    const ms = (performance.now() - started) / steps;
    const cpu = process.cpuUsage(cpuBefore);
    const cpuMs = (cpu.user + cpu.system) / 1000 / steps;
    say({ ms, cpuMs, losses, peakMemoryMB: process.resourceUsage().maxRSS / 1024 } satisfies Round);
  }
  await rounds.end();
}

function say(message: object): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}
