/**
 * A process that measures our training step: reads its settings from the command line, says `Ready`, then makes one
 * round of steps for every line on standard input. The PyTorch peer keeps to the same protocol.
 */
import { createInterface } from 'node:readline';
import { createAgent } from '@lea/agents';
import { key } from '@lea/core';
import { adam, compile, prefixed, type Specs, specsOf, type Value, type Values, writeSafetensors } from '@lea/tensor';
import { trainingProgram } from '@lea/train';
import { versions } from '../run/versions.ts';
import { describeFailure } from '../terminal/failure.ts';
import { randomInputs } from './inputs.ts';
import type { Ready, Round, StepSettings } from './settings.ts';

process.once('uncaughtException', (error) => {
  process.stderr.write(`${describeFailure(error, false)}\n`);
  process.exit(1);
});

const settings = JSON.parse(process.argv[2]!) as StepSettings;
const { items, batch, window, threads, steps } = settings;
const agent = createAgent(settings.agent);
const phase = agent.phases.at(-1)!;
const params = agent.init(key(0), { items, window });
const other = agent.target === 'none' ? {} : prefixed('target/', agent.init(key(1), { items, window }));
let state: Values = {
  ...prefixed('params/', params),
  ...prefixed('slots/', adam(phase.optimizer).init(params)),
  ...(agent.target === 'polyak' && other),
};
const statistic: Value = { dtype: 'float32', shape: [items], data: new Float32Array(items).fill(-Math.log(items)) };
const frozen: Values = {
  ...(agent.target !== 'polyak' && other),
  ...Object.fromEntries(agent.frozen.map((name) => [name, statistic])),
};
const { negatives } = settings.agent;
const fed: Specs =
  settings.fedNegatives && typeof negatives === 'number'
    ? { negatives: { dtype: 'int32', shape: [batch, negatives] } }
    : {};
const specs: Specs = { ...agent.inputs(batch, window), ...fed, key: { dtype: 'int32', shape: [2] } };
const inputs = randomInputs(specs, { items, window, steps });
if (settings.start) {
  await writeSafetensors(settings.start, {
    ...prefixed('params/', params),
    ...other,
    ...prefixed('inputs/', inputs),
  });
}

const runner = await compile(
  trainingProgram(agent, phase),
  { state: specsOf(state), inputs: specs, frozen: specsOf(frozen) },
  { threads },
);
say({ versions: versions() } satisfies Ready);
for await (const _ of createInterface({ input: process.stdin })) {
  const started = performance.now();
  const cpuBefore = process.cpuUsage();
  const result = await runner.run({ state, inputs, frozen, steps });
  const ms = (performance.now() - started) / steps;
  const cpu = process.cpuUsage(cpuBefore);
  state = result.state;
  const losses = [...result.outputs.loss!.data];
  const cpuMs = (cpu.user + cpu.system) / 1000 / steps;
  say({ ms, cpuMs, losses, peakMemoryMB: process.resourceUsage().maxRSS / 1024 } satisfies Round);
}
await runner.dispose();

function say(message: object): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}
