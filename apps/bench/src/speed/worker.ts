/**
 * A process that measures our training step: reads its settings from the command line, says `Ready`, then makes one
 * round of steps for every line on standard input. The PyTorch peer keeps to the same protocol.
 */
import { createInterface } from 'node:readline';
import { createAgent } from '@lea/agents';
import { versions } from '../run/versions.ts';
import { describeFailure } from '../terminal/failure.ts';
import { sampledSteps } from './sampled.ts';
import type { Ready, Round, StepSettings } from './settings.ts';
import { stackedSteps } from './stacked.ts';

process.once('uncaughtException', (error) => {
  process.stderr.write(`${describeFailure(error, false)}\n`);
  process.exit(1);
});

const settings = JSON.parse(process.argv[2]!) as StepSettings;
const { steps } = settings;
const agent = createAgent(settings.agent);
const rounds = agent.sampling ? await sampledSteps(agent, settings) : await stackedSteps(agent, settings);
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

function say(message: object): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}
