import { sasrec } from '@lea/agents';
import { testAgent, testEncoder } from '@lea/agents/testing';
import { iql, recencyPool, rewardBpr } from './index.ts';

testEncoder(recencyPool, { options: { width: 16, mlpWidth: 32 } });
testEncoder(recencyPool, { options: { width: 16, tied: true } });

testAgent(iql);
testAgent(iql, { encoder: recencyPool({ width: 16 }) });
testAgent(iql, {
  options: { loss: 'sampled-softmax', sampledItems: 8, expectile: 0.9 },
  encoder: sasrec({ width: 16 }),
  // Softmax does not change when all scores of a query are shifted equally.
  still: ['enc.blocks.0.k.bias'],
});

testAgent(rewardBpr, { options: { sampledItems: 8 }, memory: false });
