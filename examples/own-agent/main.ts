// A custom agent and encoder from training to serving. The code is the same as for built-in types.
// #region imports
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAgent, exportOnnx, loadPolicy } from '@lea/agents';
import { createWorld, splitByUser } from '@lea/data';
import { fit } from '@lea/train';
import { iql, recencyPool } from './src/index.ts';

// #endregion imports

export async function main(): Promise<string[]> {
  // #region train
  const { interactions } = createWorld({ users: 200, items: 60 }); // or readInteractions('events.csv', ...)
  const { train, validation } = splitByUser(interactions, { seed: 0 });
  const agent = iql({ encoder: recencyPool({ width: 32 }), expectile: 0.8 });
  const { policy } = await fit({
    agent,
    train,
    validation,
    rewards: { click: 0.2, purchase: 1 },
    maxSteps: 200,
  });
  // #endregion train

  // #region save
  const folder = await mkdtemp(join(tmpdir(), 'own-agent-'));
  await policy.save(join(folder, 'policy'));
  const loaded = await loadPolicy(join(folder, 'policy')); // iql and recency-pool are found by their names
  await exportOnnx(loaded, join(folder, 'policy.onnx'), { k: 5 });
  console.log('trained, saved, loaded and exported:', folder);
  // #endregion save

  const [before, after] = [
    await policy.recommendIndices([[3, 14, 15]], 5),
    await loaded.recommendIndices([[3, 14, 15]], 5),
  ];
  const again = createAgent(loaded.agent.config); // an agent is plain JSON
  await Promise.all([policy.dispose(), loaded.dispose()]);
  return [
    `recommended: ${before[0]!.map(({ item }) => item).join(', ')}`,
    `after loading: ${after[0]!.map(({ item }) => item).join(', ')}`,
    JSON.stringify(again.config),
  ];
}

if (import.meta.main) console.log((await main()).join('\n'));
