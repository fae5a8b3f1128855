/** The process that measures the environment. Its argument is the settings as JSON. */
import { serveRounds } from '../serve-rounds.ts';
import type { Rounds } from '../settings.ts';
import { annotationRounds } from './annotation.ts';
import { itemTokenRounds } from './item-tokens.ts';
import { loraRounds } from './lora.ts';
import type { EnvSettings, Task } from './settings.ts';

const rounds: Record<Task, (settings: EnvSettings) => Promise<Rounds>> = {
  'item tokens': itemTokenRounds,
  lora: loraRounds,
  annotation: annotationRounds,
  'prompted annotation': annotationRounds,
};
const settings = JSON.parse(process.argv[2]!) as EnvSettings;
await serveRounds(settings.steps, () => rounds[settings.what](settings));
