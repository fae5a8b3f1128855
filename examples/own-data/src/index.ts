export { jsonLines } from './json-lines.ts';
export { recentPopularity } from './recent-popularity.ts';

import './rbp.ts';
