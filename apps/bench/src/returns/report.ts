import { replaceFile } from '@lea/core/node';
import type { StoppingRule } from '@lea/eval';
import { versions } from '../experiment/versions.ts';
import { linesOf } from '../report/label-lines.ts';
import { definitionsHtml, figureHtml, renderPage, tableHtml } from '../report/page.ts';
import { ACCENT, INK, PALETTE, renderChart } from '../report/vega.ts';
import { numbersPath } from '../terminal/report-path.ts';
import { type Returns, RULES } from './study.ts';
import { type Numbers, numbersOf, returnsTable } from './table.ts';

/** Writes the HTML report and, next to it, its numbers as `<name>.numbers.json`, whose path is returned. */
export async function writeReturns(path: string, study: Returns, command: string): Promise<string> {
  const json = numbersPath(path);
  await replaceFile(path, await page(study, command));
  await replaceFile(json, `${JSON.stringify(record(study, command), null, 2)}\n`);
  return json;
}

const EXPLAINED: Readonly<Record<StoppingRule, string>> = {
  FreeB: 'Repeated offers are allowed, and users leave by their own rule.',
  NX_0: 'No offer is repeated, and users leave by their own rule.',
  NX_X: 'No offer is repeated, and every visit has ten offers.',
};

async function page(study: Returns, command: string): Promise<string> {
  const sections: [string, string][] = [];
  for (const rule of RULES) {
    const chart = figureHtml(await bars(numbersOf(study, rule)), `${EXPLAINED[rule]} Return with 95 % interval.`);
    sections.push([rule, `${chart}${tableHtml(returnsTable(study, rule))}`]);
  }
  const { experiment } = study.context;
  sections.push([
    'Protocol',
    definitionsHtml([
      ['command', command],
      ['world', JSON.stringify(study.context.dataset.world?.options)],
      ['data hash', study.context.dataHash],
      ['seeds', experiment.seeds.join(', ')],
      ['users', String(study.users)],
      ['versions', JSON.stringify(versions())],
    ]),
  ]);
  return renderPage(
    `Returns: ${experiment.name}`,
    'What policies earn per visit in a synthetic world whose dynamics are known, beside how well they foretell its log.',
    sections,
  );
}

function record(study: Returns, command: string) {
  const { experiment, dataset, dataHash } = study.context;
  return {
    experiment: experiment.name,
    command,
    dataHash,
    world: dataset.world?.options,
    seeds: experiment.seeds,
    users: study.users,
    versions: versions(),
    protocols: Object.fromEntries(RULES.map((rule) => [rule, study.rows[0]?.visits[rule][0]?.protocol])),
    numbers: Object.fromEntries(RULES.map((rule) => [rule, numbersOf(study, rule)])),
  };
}

/** The returns of all policies with their intervals. */
function bars(numbers: readonly Numbers[]): Promise<string> {
  const values = numbers.map(({ name, head, return: { value, interval } }) => ({
    name: head ? `${name} · ${head}` : name,
    head: head ?? 'no head',
    value,
    low: interval[0],
    high: interval[1],
  }));
  const labels = linesOf([...new Set(values.map(({ name }) => name))], 36);
  const domain = ['no head', 'supervised', 'q', 'mix'];
  return renderChart({
    width: 520,
    height: { step: 4 + labels.height },
    data: { values },
    encoding: { y: { field: 'name', type: 'nominal', sort: null, title: null, axis: labels.axis } },
    layer: [
      {
        mark: { type: 'rule', color: INK },
        encoding: { x: { field: 'low', type: 'quantitative', title: 'return per visit' }, x2: { field: 'high' } },
      },
      {
        mark: { type: 'point', filled: true, size: 60, opacity: 1 },
        encoding: {
          x: { field: 'value', type: 'quantitative', scale: { zero: true } },
          color: {
            field: 'head',
            type: 'nominal',
            title: 'ranked by',
            scale: { domain, range: [INK, PALETTE[2]!, PALETTE[1]!, ACCENT] },
          },
        },
      },
    ],
  });
}
