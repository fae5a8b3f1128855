// Draws docs/results.svg from the tables in docs/results/served-policies.md: `npm run figure`. With `--check` it only tests
// whether the figure is up to date.
import { readFileSync, writeFileSync } from 'node:fs';

const docs = new URL('../docs/', import.meta.url);
const networks = ['CE', 'CE-LEA', 'CE + memory', 'CE-LEA + memory'];
const bars = [
  { label: 'best tuned baseline', color: 'count' },
  { label: 'counting memory', color: 'count' },
  { label: 'network', color: 'network' },
  { label: 'network, LEA', color: 'network' },
  { label: 'network + memory', color: 'both' },
  { label: 'network, LEA + memory', color: 'both' },
];

const svg = draw(panelsOf(readFileSync(new URL('results/served-policies.md', docs), 'utf8')));
const path = new URL('results.svg', docs);
if (!process.argv.includes('--check')) writeFileSync(path, svg);
else if (readFileSync(path, 'utf8') !== svg) {
  console.error('docs/results.svg does not match docs/results/served-policies.md. Run: npm run figure');
  process.exit(1);
}

/** The data sets of the page, with NDCG@10 in the order of `bars`. */
function panelsOf(markdown) {
  const panels = markdown.split(/^## /m).flatMap((section) => {
    const rows = [...section.matchAll(/^\| ([^|]+?) +\| +(\.\d{4})(?: ± (\.\d{4}))? +\|/gm)].map(
      ([, name, mean, deviation = 0]) => ({ name, mean: Number(mean), deviation: Number(deviation) }),
    );
    const memory = rows.findIndex(({ name }) => name === 'counting memory');
    if (memory < 0) return [];
    const best = rows.slice(0, memory).reduce((a, b) => (b.mean > a.mean ? b : a));
    const trained = networks.map((wanted) => rows.find(({ name }) => name === wanted));
    return [{ title: section.slice(0, section.indexOf('\n')), values: [best, rows[memory], ...trained] }];
  });
  if (panels.length > 0 && panels.every(({ values }) => values.every(Boolean))) return panels;
  console.error(`docs/results/served-policies.md has no tables with the rows counting memory, ${networks.join(', ')}.`);
  process.exit(1);
}

function draw(panels) {
  const [left, width, row, panelHeight] = [168, 216, 18, 148];
  const columns = 2;
  const body = panels.map(({ title, values }, i) => {
    const [x, y] = [(i % columns) * (left + width + 40), Math.floor(i / columns) * panelHeight];
    const scale = (width - 52) / Math.max(...values.map(({ mean }) => mean));
    const lines = bars.map(({ label, color }, b) => {
      const { mean, deviation } = values[b];
      const top = 28 + b * row;
      const at = (value) => Math.round(value * scale * 10) / 10;
      const [from, to] = [at(mean - deviation), at(mean + deviation)].map((x) => left + x);
      const spread = deviation > 0 ? `\n    <path d="M${from} ${top + 7}H${to}"/>` : '';
      return `    <text class="label" x="${left - 8}" y="${top + 11}">${label}</text>
    <rect class="${color}" x="${left}" y="${top}" width="${at(mean)}" height="14" rx="2"/>${spread}
    <text x="${to + 6}" y="${top + 11}">${mean.toFixed(4).slice(1)}</text>`;
    });
    return `  <g transform="translate(${x} ${y})">
    <text class="title" x="${left}" y="16">${title}</text>
${lines.join('\n')}
  </g>`;
  });
  const size = [columns * (left + width + 40) - 40, Math.ceil(panels.length / columns) * panelHeight];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.join(' ')}" role="img">
  <title>NDCG@10 on ${panels.length} data sets, drawn by scripts/results-figure.mjs from docs/results/served-policies.md</title>
  <style>
    text { font: 12px system-ui, sans-serif; fill: #444 }
    .title { font-weight: 600; font-size: 13px; fill: #111 }
    .label { text-anchor: end }
    path { stroke: #111; stroke-width: 1.5 }
    .count { fill: #9aa4b2 }
    .network { fill: #6ea8fe }
    .both { fill: #2f6fde }
    @media (prefers-color-scheme: dark) {
      text { fill: #b5bcc8 }
      .title { fill: #f0f2f5 }
      path { stroke: #f0f2f5 }
      .count { fill: #6b7482 }
      .network { fill: #4f7fc9 }
      .both { fill: #8ab8ff }
    }
  </style>
${body.join('\n')}
</svg>
`;
}
