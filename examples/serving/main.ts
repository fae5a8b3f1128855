// A policy from training to a file that any ONNX Runtime reads; `page.ts` and `recommend.py` read it as well.
import { readFile } from 'node:fs/promises';
import { exportOnnx, loadPolicy, sasrec, snqn } from '@lea/agents';
import { servePolicy } from '@lea/agents/serve';
import { createWorld, splitByUser } from '@lea/data';
import { fit } from '@lea/train';
import * as ort from 'onnxruntime-node';

export async function main(folder = 'policy'): Promise<string[]> {
  const { interactions } = createWorld({ users: 200, items: 60 });
  const { train, validation } = splitByUser(interactions, { seed: 0 });
  const rewards = { click: 0.2, purchase: 1 };
  const agent = snqn({ encoder: sasrec({ width: 32 }) });
  const trained = await fit({ agent, train, validation, rewards, batch: 128, maxSteps: 100 });
  // #region export
  await exportOnnx(trained.policy, `${folder}/policy.onnx`);
  // #endregion export
  // #region serve
  const served = await servePolicy(await readFile(`${folder}/policy.onnx`), { ort });
  const queries = [{ history: ['item-03', 'item-14'] }, { history: ['item-09'] }, { history: [] }];
  const lists = await served.recommend(queries, 5, { exclude: 'seen' });
  await served.dispose();
  // #endregion serve
  // #region save
  await trained.policy.save(folder);
  await trained.policy.dispose();
  // #endregion save

  // #region load
  const policy = await loadPolicy(folder);
  const same = await policy.recommend(queries, 5, { exclude: 'seen' });
  await policy.dispose();
  // #endregion load
  return [...lists, ...same].map((list) => list.map(({ id }) => id).join(', '));
}

if (import.meta.main) console.log((await main()).join('\n'));
