import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { LeaError } from '@lea/core';

/**
 * The path of the report that `--report` names. Other endings are rejected, as are a folder, and a page whose file or file of
 * numbers is the config.
 *
 * @param experiment a preset or the path of a config
 * @throws LeaError `E_FLAG_VALUE`
 */
export function reportPath(report: string, experiment: string): string {
  const refused = (message: string) =>
    new LeaError('E_FLAG_VALUE', message, {
      value: report,
      hint: 'The report is a page for browsers. For example, use --report report.html.',
    });
  if (!/\.html?$/i.test(report)) throw refused('Expected a file name that ends in .html for --report.');
  const path = resolve(report);
  if (existsSync(path) && statSync(path).isDirectory()) throw refused('Expected a file for --report, not a folder.');
  if ([path, numbersPath(path)].includes(resolve(experiment))) throw refused('The report would overwrite the config.');
  return path;
}

/** The file of a report's numbers, beside it. */
export function numbersPath(report: string): string {
  return report.replace(/\.html?$/i, '.numbers.json');
}
