import { ccql } from './agents/ccql.ts';
import { ce } from './agents/ce.ts';
import { dqnNs } from './agents/dqn-ns.ts';
import { proxy } from './agents/proxy.ts';
import { sa2c } from './agents/sa2c.ts';
import { sac } from './agents/sac.ts';
import { snqn } from './agents/snqn.ts';
import { sqn } from './agents/sqn.ts';
import { vpq } from './agents/vpq.ts';
import { caser } from './encoders/caser.ts';
import { gru4rec } from './encoders/gru4rec.ts';
import { nextitnet } from './encoders/nextitnet.ts';
import { sasrec } from './encoders/sasrec.ts';
import { sasrecModern } from './encoders/sasrec-modern.ts';
import { testAgent, testEncoder } from './testing/index.ts';

/** The scores of a query move alike with the bias of the keys, which softmax does not see. */
const keyBias = (blocks: number) => Array.from({ length: blocks }, (_, i) => `enc.blocks.${i}.k.bias`);

testEncoder(gru4rec, { options: { size: 16 } });
testEncoder(caser, { options: { size: 16, filters: 4 } });
testEncoder(nextitnet, { options: { size: 16, dilations: [1, 2], text: 'project' } });
testEncoder(sasrec, { options: { size: 16, heads: 2, text: 'init' }, still: keyBias(1) });
testEncoder(sasrecModern, { options: { size: 16, blocks: 1 }, still: keyBias(1) });

const negatives = 3;
const sampled = { loss: 'sampled-softmax', candidates: 24 } as const;
const onText = gru4rec({ size: 16, text: 'project' });

testAgent(ce, { options: sampled, encoder: onText });
testAgent(sqn, { options: { target: 'polyak', cql: 0.1 } });
testAgent(snqn, { options: { ...sampled, negatives, target: 'copy', copyEvery: 20, cql: 0.1 } });
testAgent(sac, { encoder: gru4rec({ size: 16, everyPosition: true }) });
testAgent(sa2c, { options: { negatives, smoothing: 0.5 } });
testAgent(dqnNs, { options: { negatives } });
testAgent(vpq, { options: { heads: 3 } });
testAgent(ccql, { separable: false });
testAgent(proxy);
