/** The process that reads a log or trains on it. Its argument is the settings as JSON. */
import { serveRounds } from '../serve-rounds.ts';
import { readingRounds } from './reading.ts';
import type { ReadSettings } from './settings.ts';
import { logTrainingRounds } from './training.ts';

const settings = JSON.parse(process.argv[2]!) as ReadSettings;
const { steps } = settings;
if (steps === undefined) await serveRounds(1, () => readingRounds(settings));
else await serveRounds(steps, () => logTrainingRounds(settings, steps));
