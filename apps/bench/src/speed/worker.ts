/** The process that measures our training step. Its argument is the settings as JSON. */
import { createAgent } from '@lea/agents';
import { sampledSteps } from './sampled.ts';
import { serveRounds } from './serve-rounds.ts';
import type { StepSettings } from './settings.ts';
import { stackedSteps } from './stacked.ts';

const settings = JSON.parse(process.argv[2]!) as StepSettings;
const agent = createAgent(settings.agent);
await serveRounds(settings.steps, () =>
  agent.sampling ? sampledSteps(agent, settings) : stackedSteps(agent, settings),
);
