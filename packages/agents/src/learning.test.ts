import { describe, test } from 'vitest';
import type { AgentFactory, AgentOptions } from './define.ts';
import { agentTypes, createAgent, createEncoder, encoderTypes } from './registry.ts';
import { agentContext } from './testing/agent-context.ts';
import type { AgentSettings } from './testing/settings.ts';
import { chance, learns } from './testing/training-checks.ts';

/** Small forms of the encoders. */
const encoderOptions: Record<string, object> = {
  caser: { filters: 4 },
  nextitnet: { dilations: [1] },
  'sasrec-modern': { layers: 1, dropout: 0, tied: false },
};

const negatives = 3;
/** Per phase, for agents of two phases. */
const updates = 30;
const candidates = 24;

interface Case extends Partial<AgentSettings> {
  readonly type: string;
}

/** Variants of the agents, and what types need besides their defaults. */
const variants: Record<string, Case> = {
  snqn: { type: 'snqn', options: { negatives } },
  sac: { type: 'sac', updates },
  sa2c: { type: 'sa2c', options: { negatives }, updates },
  // Ranks by values, which also tell rewards apart.
  'dqn-ns': { type: 'dqn-ns', options: { negatives }, updates: 120 },
  vpq: { type: 'vpq', options: { qHeads: 3 }, updates },
  // Its states also answer to the contrast within a batch.
  ccql: { type: 'ccql', updates, floor: 0.7 },
  'ce, sampled softmax': { type: 'ce', options: { loss: 'sampled-softmax', sampledItems: candidates } },
  // Scores that are calibrated grow slowly apart.
  'ce, gbce': { type: 'ce', options: { loss: 'gbce', sampledItems: candidates }, updates: 150 },
  'sqn, cql': { type: 'sqn', options: { cqlWeight: 0.1 } },
  'sqn, bcq': { type: 'sqn', options: { bcqThreshold: 0.25 } },
  'snqn, polyak': { type: 'snqn', options: { negatives, target: 'polyak' } },
  'snqn, copies': { type: 'snqn', options: { negatives, target: 'copy', copyEvery: 20 }, updates: 90 },
};
/** The agents with what their types need. */
const agents: Record<string, Case> = Object.fromEntries(agentTypes().map((type) => [type, variants[type] ?? { type }]));
/** Losses and targets see states alone: one encoder reads the last position, and one learns at every position. */
const casesOf = (encoder: string) =>
  encoder === 'gru4rec' || encoder === 'sasrec-modern' ? { ...agents, ...variants } : agents;

/** A factory out of the registry. */
const factoryOf = (type: string): AgentFactory =>
  Object.assign(({ encoder, ...options }: AgentOptions) => createAgent({ type, ...options, encoder: encoder.config }), {
    type,
    schema: {},
  });

describe.each(encoderTypes())('%s', (type) => {
  const encoder = createEncoder({ type, width: 16, ...encoderOptions[type] });

  test.each(Object.entries(casesOf(type)))('%s learns a chain, and guesses where there is none', async (_, given) => {
    const { type, ...settings } = given;
    const context = agentContext(factoryOf(type), { encoder, lr: 0.03, ...settings });
    await learns(context);
    await chance({ ...context, settings: { ...context.settings, updates: 20 } });
    await context.dispose();
  });
});
