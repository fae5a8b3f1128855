import { sasrec } from '@lea/agents';
import { testAgent, testEncoder } from '@lea/agents/testing';
import { iql, recencyPool } from './index.ts';

testEncoder(recencyPool, { options: { size: 16, inner: 32 } });
testEncoder(recencyPool, { options: { size: 16, tied: true } });

testAgent(iql);
testAgent(iql, { encoder: recencyPool({ size: 16 }) });
testAgent(iql, {
  options: { loss: 'sampled-softmax', candidates: 8, expectile: 0.9 },
  encoder: sasrec({ size: 16 }),
  // Softmax does not see what moves all scores of a query alike.
  still: ['enc.blocks.0.k.bias'],
});
