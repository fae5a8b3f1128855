/** The process that reads a log. Its argument is the settings as JSON. */
import { serveRounds } from '../serve-rounds.ts';
import { readingRounds } from './reading.ts';
import type { ReadSettings } from './settings.ts';

await serveRounds(1, () => readingRounds(JSON.parse(process.argv[2]!) as ReadSettings));
