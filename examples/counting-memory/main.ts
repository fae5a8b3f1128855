// A policy with a network and a counting memory, which learns from a new event while serving.
import { ce, countingMemory, sasrecModern } from '@lea/agents';
import { createWorld, splitByUser } from '@lea/data';
import { evaluate, tfidfVectors } from '@lea/eval';
import { fit, fuse } from '@lea/train';

export async function main(): Promise<string[]> {
  const { interactions, itemTexts } = createWorld({ users: 1500, items: 400 });
  const { train, validation, test } = splitByUser(interactions, { seed: 0 });

  const memory = await countingMemory(train, { text: tfidfVectors(itemTexts.texts) });
  const network = await fit({
    agent: ce({ encoder: sasrecModern({ width: 32, layers: 1, everyPosition: false }) }),
    train,
    validation,
    rewards: { click: 0.2, purchase: 1 },
  });
  // The same in one call: fit({ …, memory }).
  const { policy, fusion } = await fuse(network.policy, memory, validation);
  const scorers = {
    network: network.policy,
    memory: memory,
    both: policy,
  };
  const lines: string[] = [];
  for (const [name, scorer] of Object.entries(scorers)) {
    const { metrics } = await evaluate(scorer, test);
    lines.push(`${name.padEnd(8)} NDCG@10 ${metrics['ndcg@10']!.toFixed(4)}`);
  }
  lines.push(`weight of the network beside the memory: ${fusion.weight}`);

  const history = [...interactions.item.subarray(0, 3)];
  const place = async (item: number) => {
    const [ranked] = await policy.recommendIndices([history], interactions.itemIds.length);
    return 1 + ranked!.findIndex((one) => one.item === item);
  };
  const [ranked] = await policy.recommendIndices([history], 60);
  const item = ranked!.at(-1)!.item;
  const before = await place(item);
  policy.observeIndices(Array.from({ length: 20 }, () => ({ history, item })));
  lines.push(`an item on place ${before} stands on place ${await place(item)} after 20 users chose it here`);
  for (const one of [policy, network.policy, memory]) await one.dispose();
  return lines;
}

if (import.meta.main) console.log((await main()).join('\n'));
