import type { Spec as VegaSpec } from 'vega';
import type { TopLevelSpec } from 'vega-lite';
import { printable } from '../terminal/printable.ts';

export const INK = '#1f2933';
export const ACCENT = '#1f6feb';
export const MUTED = '#b8c2cc';
/** Colors that color-blind readers can distinguish (Okabe and Ito). */
export const PALETTE = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#6b6b6b', '#b5a400'];
const style = {
  background: 'transparent',
  font: 'system-ui, sans-serif',
  axis: {
    labelColor: INK,
    titleColor: INK,
    labelFontSize: 12,
    titleFontSize: 12,
    gridColor: '#e6e9ed',
    domainColor: '#c5ccd3',
    tickColor: '#c5ccd3',
  },
  legend: { labelColor: INK, titleColor: INK, labelFontSize: 12, titleFontSize: 12, labelLimit: 320 },
  view: { stroke: null },
} as const;

/** A Vega-Lite chart in the style of the reports, as SVG text. */
export async function renderChart(spec: TopLevelSpec): Promise<string> {
  // Loaded here and not above: their 250 modules take a third of the start of a command, and few commands draw.
  const [{ parse, View }, { compile }] = await Promise.all([import('vega'), import('vega-lite')]);
  const { spec: vega } = compile({ ...(shown(spec) as TopLevelSpec), config: style } as TopLevelSpec, {
    logger: silent,
  });
  const view = new View(parse(vega as VegaSpec), { renderer: 'none' });
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}

/** A chart for screens and one for phones, where a chart that shrinks would have text too small to read. */
export async function renderTwoWidths(spec: (narrow: boolean) => TopLevelSpec): Promise<string> {
  const [wide, narrow] = await Promise.all([renderChart(spec(false)), renderChart(spec(true))]);
  return `<div class="wide">${wide}</div><div class="narrow">${narrow}</div>`;
}

/** The same chart with control characters escaped in all texts, including names in data and sort orders. */
function shown(part: unknown): unknown {
  if (typeof part === 'string') return printable(part);
  if (Array.isArray(part)) return part.map(shown);
  if (typeof part !== 'object' || part === null) return part;
  return Object.fromEntries(Object.entries(part).map(([name, value]) => [name, shown(value)]));
}

const silent = (() => {
  const self = { level: () => self, error: () => self, warn: () => self, info: () => self, debug: () => self };
  return self as never;
})();
