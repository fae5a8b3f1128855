export { readRecords } from './report/records.ts';
