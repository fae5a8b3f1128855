import { definitionsHtml, figureHtml, listHtml, renderPage, tableHtml } from './page.ts';
import type { TextTable } from './table.ts';

/** The contents of the page: texts, and charts as SVG. */
export interface Report {
  readonly title: string;
  readonly protocol: readonly (readonly [string, string])[];
  /** The options of every model, as JSON. */
  readonly options: readonly (readonly [string, string])[];
  readonly sentences: readonly string[];
  readonly table: TextTable;
  /** Every trained model against the best baseline, if there are both. */
  readonly against: TextTable | undefined;
  /** Off-policy estimates, if the config asks for them. */
  readonly offPolicy?: string | undefined;
  readonly bars: string;
  readonly curves: string | undefined;
}

/** The report as one self-contained page. */
export function renderReport(report: Report): string {
  return renderPage(report.title, 'Sequential recommenders, trained and measured under one protocol.', [
    ['Findings', listHtml(report.sentences)],
    ['Results on the test users', figureHtml(report.bars)],
    ['All numbers', tableHtml(report.table)],
    ...(report.against ? [['Against the best baseline', tableHtml(report.against)] as const] : []),
    ...(report.offPolicy ? [['Off-policy estimates', report.offPolicy] as const] : []),
    ...(report.curves ? [['Learning curves', figureHtml(report.curves)] as const] : []),
    ['Protocol', definitionsHtml(report.protocol)],
    [
      'Options',
      `<details><summary>All options of all models</summary>\n${definitionsHtml(report.options)}\n</details>`,
    ],
  ]);
}
