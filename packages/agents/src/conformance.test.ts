import { expect, test } from 'vitest';
import { ccql } from './agents/ccql.ts';
import { ce } from './agents/ce.ts';
import { dqnNs } from './agents/dqn-ns.ts';
import { proxy } from './agents/proxy.ts';
import { sa2c } from './agents/sa2c.ts';
import { sac } from './agents/sac.ts';
import { snqn } from './agents/snqn.ts';
import { sqn } from './agents/sqn.ts';
import { vpq } from './agents/vpq.ts';
import type { AgentFactory, EncoderFactory } from './define.ts';
import { caser } from './encoders/caser.ts';
import { gru4rec } from './encoders/gru4rec.ts';
import { nextitnet } from './encoders/nextitnet.ts';
import { sasrec } from './encoders/sasrec.ts';
import { sasrecModern } from './encoders/sasrec-modern.ts';
import { agentTypes, encoderTypes } from './registry.ts';
import { type AgentSettings, type EncoderSettings, testAgent, testEncoder } from './testing/index.ts';

/** The scores of a query move alike with the bias of the keys, which softmax does not see. */
const keyBias = ['enc.blocks.0.k.bias'];

const encoders: [EncoderFactory, Partial<EncoderSettings>][] = [
  [gru4rec, { options: { width: 16 } }],
  [caser, { options: { width: 16, filters: 4 } }],
  [nextitnet, { options: { width: 16, dilations: [1, 2], itemInput: 'id+text' } }],
  [sasrec, { options: { width: 16, heads: 2, itemInput: 'text-init' }, still: keyBias }],
  [sasrecModern, { options: { width: 16, layers: 1 }, still: keyBias }],
];

const negatives = 3;
const sampled = { loss: 'sampled-softmax', sampledItems: 24 };

const agents: [AgentFactory, Partial<AgentSettings>][] = [
  [ce, { options: { ...sampled, alignmentWeight: 0.1 }, encoder: gru4rec({ width: 16, itemInput: 'id+text' }) }],
  [sqn, { options: { target: 'polyak', cqlWeight: 0.1 } }],
  [snqn, { options: { ...sampled, negatives, target: 'copy', copyEvery: 20, cqlWeight: 0.1, augmentedActions: 2 } }],
  [sac, { encoder: gru4rec({ width: 16, everyPosition: true }) }],
  [sa2c, { options: { negatives, correctionPower: 0.5, criticState: true } }],
  [dqnNs, { options: { negatives, alignmentWeight: 0.1 } }],
  [vpq, { options: { qHeads: 3, augmentedBootstrap: 'current', criticState: true } }],
  [ccql, { separable: false }],
  [proxy, {}],
];

for (const [factory, settings] of encoders) testEncoder(factory, settings);
for (const [factory, settings] of agents) testAgent(factory, settings);

test('every type in the box is tested', () => {
  expect(encoders.map(([{ type }]) => type)).toEqual(encoderTypes());
  expect(agents.map(([{ type }]) => type).sort()).toEqual(agentTypes().sort());
});
