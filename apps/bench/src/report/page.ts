import { printable } from '../terminal/printable.ts';
import type { ResultTable } from './table.ts';

const STYLE = `
:root { color-scheme: light; }
body { margin: 0; background: #f6f7f9; color: #1f2933; font: 15px/1.55 system-ui, -apple-system, "Segoe UI", sans-serif; }
main { max-width: 980px; margin: 32px auto; padding: 32px 44px 40px; background: #fff; border: 1px solid #e3e7eb; border-radius: 10px; }
h1 { font-size: 26px; margin: 0 0 4px; }
h2 { font-size: 17px; margin: 34px 0 10px; }
p.lead { color: #52606d; margin: 0 0 8px; }
ul { margin: 0; padding-left: 20px; } li { margin: 6px 0; }
figure { margin: 0; overflow-x: auto; } figcaption, p.note { color: #52606d; font-size: 13.5px; } svg { max-width: 100%; height: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: 6px 10px; text-align: right; border-bottom: 1px solid #e9ecef; white-space: nowrap; }
th { font-weight: 600; color: #52606d; font-size: 13px; } th:first-child, td:first-child { text-align: left; }
td.best { font-weight: 700; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 3px 18px; margin: 0; font-size: 13.5px; }
dt { color: #52606d; } dd { margin: 0; overflow-wrap: anywhere; }
`.trim();

/** The page's own styles, which charts have as well; nothing from outside, and nothing that runs. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/** One self-contained page: no scripts, no links, nothing to load. Sections are titles and HTML. */
export function renderPage(title: string, lead: string, sections: readonly (readonly [string, string])[]): string {
  const section = ([name, body]: readonly [string, string]) =>
    `<section><h2>${escaped(name)}</h2>\n${body}\n</section>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style>
${STYLE}
</style>
</head>
<body>
<main>
<h1>${escaped(title)}</h1>
<p class="lead">${escaped(lead)}</p>
${sections.map(section).join('\n')}
</main>
</body>
</html>
`;
}

export function listHtml(sentences: readonly string[]): string {
  return `<ul>\n${sentences.map((s) => `<li>${escaped(s)}</li>`).join('\n')}\n</ul>`;
}

/** The best value of a column is bold. */
export function tableHtml({ head, rows, best }: ResultTable): string {
  const cells = (row: readonly string[], r: number) =>
    row.map((cell, c) => `<td${best.get(c) === r ? ' class="best"' : ''}>${escaped(cell)}</td>`).join('');
  const titles = head.map((h) => `<th>${escaped(h)}</th>`).join('');
  const body = rows.map((row, r) => `<tr>${cells(row, r)}</tr>`).join('\n');
  return `<figure><table>\n<thead><tr>${titles}</tr></thead>\n<tbody>\n${body}\n</tbody>\n</table></figure>`;
}

export function definitionsHtml(entries: readonly (readonly [string, string])[]): string {
  return `<dl>\n${entries.map(([k, v]) => `<dt>${escaped(k)}</dt><dd>${escaped(v)}</dd>`).join('\n')}\n</dl>`;
}

/** A chart, and what it shows. */
export function figureHtml(svg: string, caption?: string): string {
  return `<figure>${svg}${caption ? `<figcaption>${escaped(caption)}</figcaption>` : ''}</figure>`;
}

function escaped(text: string): string {
  return printable(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
