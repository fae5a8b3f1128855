/** The process that trains on a log. Its argument is the settings as JSON. */
import { serveRounds } from '../serve-rounds.ts';
import type { FitSettings } from './settings.ts';
import { trainingRounds } from './training.ts';

await serveRounds(1, () => trainingRounds(JSON.parse(process.argv[2]!) as FitSettings));
