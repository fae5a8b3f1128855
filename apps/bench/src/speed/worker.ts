/**
 * A process that measures our training step: reads its settings from the command line, says `Ready`, then makes one
 * round of steps for every line on standard input. The PyTorch peer keeps to the same protocol.
 */
import { createInterface } from 'node:readline';
import { createAgent } from '@lea/agents';
import { fold, integers, key } from '@lea/core';
import { adam, compile, prefixed, type Specs, specsOf, type Value, type Values } from '@lea/tensor';
import { trainingProgram } from '@lea/train';
import { versions } from '../run/versions.ts';
import type { Ready, Round, StepSettings } from './settings.ts';

const settings = JSON.parse(process.argv[2]!) as StepSettings;
const { items, batch, window, size, dropout, threads, steps } = settings;
const encoder = { type: settings.encoder, size, ...(settings.encoder === 'sasrec' && { dropout }) };
const agent = createAgent({ type: settings.agent, encoder });
const phase = agent.phases[0]!;
const params = agent.init(key(0), { items, window });
const slots = adam(phase.optimizer).init(params);
const other = prefixed('target/', params);
let state: Values = {
  ...prefixed('params/', params),
  ...prefixed('slots/', slots),
  ...(agent.target === 'polyak' && other),
};
const frozen: Values = agent.target === 'coin' ? other : {};
const inputSpecs: Specs = { ...agent.inputs(batch, window), key: { dtype: 'int32', shape: [2] } };
const inputs = Object.fromEntries(Object.entries(inputSpecs).map(([name, spec]) => [name, randomInput(name, spec)]));

const runner = await compile(
  trainingProgram(agent, phase),
  { state: specsOf(state), inputs: inputSpecs, frozen: specsOf(frozen) },
  { threads },
);
say({ versions: versions() } satisfies Ready);
for await (const _ of createInterface({ input: process.stdin })) {
  const started = performance.now();
  const result = await runner.run({ state, inputs, frozen, steps });
  const ms = (performance.now() - started) / steps;
  state = result.state;
  const loss = result.outputs.loss!.data[steps - 1]!;
  say({ ms, loss, peakMemoryMB: process.resourceUsage().maxRSS / 1024 } satisfies Round);
}
await runner.dispose();

/** Full windows of random items; every step another batch. */
function randomInput(name: string, { dtype, shape }: Specs[string]): Value {
  const count = steps * shape.reduce((a, b) => a * b, 1);
  const random = (high: number) => integers(fold(key(1), name), count, high);
  const data = name.toLowerCase().endsWith('length')
    ? new Int32Array(count).fill(window)
    : name === 'reward'
      ? new Float32Array(count).fill(0.2)
      : name === 'done'
        ? new Float32Array(count)
        : random(name === 'key' ? 2 ** 31 : items);
  return { dtype, shape: [steps, ...shape], data };
}

function say(message: object): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}
