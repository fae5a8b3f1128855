import type { ResultTable } from './table.ts';

/** What the page shows, all of it text or SVG text. */
export interface Report {
  readonly title: string;
  readonly protocol: readonly (readonly [string, string])[];
  readonly sentences: readonly string[];
  readonly table: ResultTable;
  readonly bars: string;
  readonly curves: string | undefined;
}

const STYLE = `
:root { color-scheme: light; }
body { margin: 0; background: #f6f7f9; color: #1f2933; font: 15px/1.55 system-ui, -apple-system, "Segoe UI", sans-serif; }
main { max-width: 980px; margin: 32px auto; padding: 32px 44px 40px; background: #fff; border: 1px solid #e3e7eb; border-radius: 10px; }
h1 { font-size: 26px; margin: 0 0 4px; }
h2 { font-size: 17px; margin: 34px 0 10px; }
p.lead { color: #52606d; margin: 0 0 8px; }
ul { margin: 0; padding-left: 20px; } li { margin: 6px 0; }
figure { margin: 0; overflow-x: auto; } svg { max-width: 100%; height: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: 6px 10px; text-align: right; border-bottom: 1px solid #e9ecef; white-space: nowrap; }
th { font-weight: 600; color: #52606d; font-size: 13px; } th:first-child, td:first-child { text-align: left; }
td.best { font-weight: 700; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 3px 18px; margin: 0; font-size: 13.5px; }
dt { color: #52606d; } dd { margin: 0; overflow-wrap: anywhere; }
`.trim();

/** The report as one self-contained page: no scripts, no links, nothing to load. */
export function renderReport(report: Report): string {
  const { head, rows, best } = report.table;
  const cells = (row: readonly string[], r: number) =>
    row.map((cell, c) => `<td${best.get(c) === r ? ' class="best"' : ''}>${escaped(cell)}</td>`).join('');
  const section = (title: string, body: string) => `<section><h2>${escaped(title)}</h2>\n${body}\n</section>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(report.title)}</title>
<style>
${STYLE}
</style>
</head>
<body>
<main>
<h1>${escaped(report.title)}</h1>
<p class="lead">Recommenders with and without a language-model environment.</p>
${section('What came out', `<ul>\n${report.sentences.map((s) => `<li>${escaped(s)}</li>`).join('\n')}\n</ul>`)}
${section('Results on the test users', `<figure>${report.bars}</figure>`)}
${section(
  'All numbers',
  `<table>\n<thead><tr>${head.map((h) => `<th>${escaped(h)}</th>`).join('')}</tr></thead>\n<tbody>\n${rows
    .map((row, r) => `<tr>${cells(row, r)}</tr>`)
    .join('\n')}\n</tbody>\n</table>`,
)}
${report.curves ? section('Learning curves', `<figure>${report.curves}</figure>`) : ''}
${section('Protocol', `<dl>\n${report.protocol.map(([k, v]) => `<dt>${escaped(k)}</dt><dd>${escaped(v)}</dd>`).join('\n')}\n</dl>`)}
</main>
</body>
</html>
`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
