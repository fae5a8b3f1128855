// Exports policies and compares what Python and a browser recommend with what the policies do:
// node --conditions=@lea/source check.ts [--python python3] [--chromium chromium]
// Python needs onnxruntime and numpy. One line per runtime; the exit status is 1 on any difference.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  agentTypes,
  countingMemory,
  createAgent,
  createPolicy,
  encoderTypes,
  exportOnnx,
  type Policy,
} from '@lea/agents';
import { fold, integers, key } from '@lea/core';
import { createWorld, type Scored, splitByUser } from '@lea/data';
import { askBrowser } from './check/browser.ts';
import { difference } from './check/difference.ts';
import { askPython } from './check/python.ts';

const { values: commands } = parseArgs({
  options: { python: { type: 'string', default: 'python3' }, chromium: { type: 'string', default: 'chromium' } },
});
const shape = { items: 300, window: 10 };

/** 1,000 histories of 0 to 20 events; every fourth prefers few items, so that they repeat. */
const histories = Array.from({ length: 1000 }, (_, row) => {
  const own = fold(key(7), row);
  return [...integers(fold(own, 'items'), integers(own, 1, 21)[0]!, row % 4 ? shape.items : 5)];
});

const folder = await mkdtemp(join(tmpdir(), 'serving-'));
try {
  await writeFile(join(folder, 'histories.json'), JSON.stringify(histories));
  const expected: Record<string, Scored[][]> = {};
  const add = async (name: string, policy: Policy) => {
    await mkdir(join(folder, name));
    await exportOnnx(policy, join(folder, name, 'policy.onnx'), { k: 10 });
    // One more than is compared, to tell whether the tenth is tied.
    expected[name] = await policy.recommendIndices(histories, 11);
    await policy.dispose();
  };
  const agents = agentTypes();
  for (const [i, encoder] of encoderTypes().entries()) {
    const agent = createAgent({ type: agents[(2 * i) % agents.length]!, encoder: { type: encoder, size: 16 } });
    const policy = createPolicy(agent, agent.init(key(i), shape), shape);
    await add(policy.name, policy);
  }
  const { interactions } = createWorld({ users: 300, items: shape.items });
  const memory = await countingMemory(splitByUser(interactions, { seed: 0 }).train);
  const agent = createAgent({ type: 'ce', encoder: { type: 'sasrec', size: 16 } });
  await add('with-memory', createPolicy(agent, agent.init(key(0), shape), shape, { memory }));
  const names = Object.keys(expected);
  for (const [runtime, ask] of [
    ['Python', () => askPython(commands.python, folder, names)],
    ['Chromium', () => askBrowser(commands.chromium, folder, names)],
  ] as const) {
    try {
      const { version, lists } = await ask();
      const found = names.map((name) => difference(expected[name]!, lists[name]!));
      const wrong = found.reduce((sum, { wrong }) => sum + wrong, 0);
      const largest = Math.max(...found.map(({ largest }) => largest));
      const what = `${names.length} policies x ${histories.length} histories, ${wrong} top 10 differ`;
      console.log(`${runtime} (${version}): ${what}, scores differ by at most ${largest.toExponential(1)}`);
      if (wrong > 0) process.exitCode = 1;
    } catch (error) {
      console.log(`${runtime}: ${error instanceof Error ? error.message : error}`);
      process.exitCode = 1;
    }
  }
} finally {
  await rm(folder, { recursive: true, maxRetries: 5 });
}
