import { printable } from '../terminal/printable.ts';
import type { TextTable } from './table.ts';
import { MUTED, PALETTE } from './vega.ts';

const STYLE = `
:root { color-scheme: light dark; --ink: #1f2933; --muted: #52606d; --page: #fff; --desk: #f6f7f9; --line: #e3e7eb; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e4e7eb; --muted: #9aa5b1; --page: #1b2027; --desk: #12151a; --line: #323a45; }
  figure svg [fill="${MUTED}"] { fill: #52606d; }
  figure svg [fill="${PALETTE[0]}"] { fill: #3d9bd6; } figure svg [stroke="${PALETTE[0]}"] { stroke: #3d9bd6; }
}
body { margin: 0; background: var(--desk); color: var(--ink); font: 15px/1.55 system-ui, -apple-system, "Segoe UI", sans-serif; }
main { max-width: 1240px; margin: 32px auto; padding: 32px 44px 40px; background: var(--page); border: 1px solid var(--line); border-radius: 10px; }
h1 { font-size: 26px; margin: 0 0 4px; overflow-wrap: anywhere; }
h2 { font-size: 17px; margin: 34px 0 10px; }
p.lead { color: var(--muted); margin: 0 0 8px; }
ul { margin: 0; padding-left: 20px; } li { margin: 6px 0; overflow-wrap: anywhere; } li, p { max-width: 100ch; }
figure { margin: 0; overflow-x: auto; } figure + figure { margin-top: 24px; } figcaption, p.note { color: var(--muted); font-size: 13.5px; }
/* The charts have colors for a white page. */
figure svg { max-width: 100%; height: auto; } figure > svg { min-width: 560px; } .narrow { display: none; }
figure svg text { fill: var(--ink); }
figure svg .role-axis-grid line { stroke: var(--line); }
figure svg .mark-rule.role-mark line { stroke: var(--ink); }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: 6px 10px; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { font-weight: 600; color: var(--muted); font-size: 13px; white-space: normal; vertical-align: bottom; }
th:first-child, td:first-child { text-align: left; position: sticky; left: 0; background: var(--page); }
td:first-child { white-space: normal; min-width: 22ch; overflow-wrap: anywhere; }
/* Specific as little as the rules for phones and paper, which follow. */
:where(table.dense) th, :where(table.dense) td { padding: 5px 6px; font-size: 13px; }
:where(table.dense) td:first-child { min-width: 16ch; }
td.best { font-weight: 700; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 3px 18px; margin: 0; font-size: 13.5px; }
dt { color: var(--muted); } dd { margin: 0; overflow-wrap: anywhere; }
@media (max-width: 640px) {
  main { margin: 0; padding: 20px 16px 28px; border: 0; border-radius: 0; }
  .wide { display: none; } .narrow { display: block; }
  dl { grid-template-columns: 1fr; } dd { margin-bottom: 6px; }
  th, td { padding: 5px 7px; font-size: 13px; } td:first-child, :where(table.dense) td:first-child { min-width: 34vw; max-width: 40vw; }
}
@media print {
  @page { size: landscape; margin: 12mm; }
  main { max-width: none; margin: 0; padding: 0; border: 0; } figure { overflow: visible; }
  th, td { padding: 3px 5px; font-size: 10.5px; } th:first-child, td:first-child { position: static; }
  tr, figure svg { break-inside: avoid; } h2 { break-after: avoid; }
}
`.trim();

/** Allows only inline styles: no external resources and no scripts. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/** One self-contained page without scripts, links or external resources. Sections are pairs of a title and HTML. */
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
  // A number and its percent sign stay on one line.
  const items = sentences.map((s) => `<li>${escaped(s).replace(/(\d) %/g, '$1\u00a0%')}</li>`);
  return `<ul>\n${items.join('\n')}\n</ul>`;
}

/** Tables with more columns have small text, so that they fit on a screen. */
const COLUMNS = 8;

/** A table as HTML; the best value of a column and a marked row are bold. */
export function tableHtml({ head, rows, best, marked, notes = [] }: TextTable): string {
  const titles = head.map((h) => `<th>${escaped(h)}</th>`).join('');
  const cell = (text: string, r: number, c: number) =>
    `<td${r === marked || best?.get(c) === r ? ' class="best"' : ''}>${escaped(text)}</td>`;
  const body = rows.map((row, r) => `<tr>${row.map((text, c) => cell(text, r, c)).join('')}</tr>`).join('\n');
  const below = notes.map((note) => `<p class="note">${escaped(note)}</p>`).join('\n');
  const dense = head.length > COLUMNS ? ' class="dense"' : '';
  return `<figure><table${dense}>\n<thead><tr>${titles}</tr></thead>\n<tbody>\n${body}\n</tbody>\n</table></figure>\n${below}`;
}

export function definitionsHtml(entries: readonly (readonly [string, string])[]): string {
  return `<dl>\n${entries.map(([k, v]) => `<dt>${escaped(k)}</dt><dd>${escaped(v)}</dd>`).join('\n')}\n</dl>`;
}

/** A chart with an optional caption. */
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
