/** The process that evaluates. Its argument is the settings as JSON. */
import { serveRounds } from '../serve-rounds.ts';
import { evaluationRounds } from './rounds.ts';
import type { EvalSettings } from './settings.ts';

const settings = JSON.parse(process.argv[2]!) as EvalSettings;
await serveRounds(settings.steps, () => evaluationRounds(settings));
