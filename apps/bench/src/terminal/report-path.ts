import { resolve } from 'node:path';
import { LeaError } from '@lea/core';

/**
 * The path of the report that `--report` names. Other endings are rejected: the file could be the config.
 *
 * @throws LeaError `E_FLAG_VALUE`
 */
export function reportPath(report: string): string {
  if (/\.html?$/i.test(report)) return resolve(report);
  throw new LeaError('E_FLAG_VALUE', 'Expected a file name that ends in .html for --report.', {
    value: report,
    hint: 'The report is a page for browsers. For example, use --report report.html.',
  });
}

/** The file of a report's numbers, beside it. */
export function numbersPath(report: string): string {
  return report.replace(/\.html?$/i, '.numbers.json');
}
