import { execFileSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { diagram, layers } from '../scripts/layers.mjs';
import { anchorOf } from './.vitepress/pages.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const pages = globSync(
  ['*.md', 'docs/*.md', 'docs/{guide,agents,encoders,results}/*.md', '{packages,apps}/*/README.md'],
  {
    cwd: root,
  },
);

/** The anchors of a page, as GitHub and the site make them. */
function anchors(page: string): string[] {
  return [...withoutCode(page).matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchorOf(heading!));
}

const withoutCode = (page: string) => page.replace(/^```.*?^```$/gms, '');

describe.each(pages)('%s', (path) => {
  const page = read(path);

  test('links lead to files and headings that are there', () => {
    for (const [, target] of withoutCode(page).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(target!)) continue;
      const [file, id] = target!.split('#');
      const full = file ? normalize(join(dirname(path), file)) : path;
      expect(existsSync(join(root, full)), target).toBe(true);
      if (id) expect(anchors(read(full)), target).toContain(id);
    }
  });
});

/** The cells of the tables as a reader sees them. */
function cells(path: string): string[] {
  const tables = withoutCode(read(path)).match(/(?:^\|.*\n)+/gm) ?? [];
  const rows = tables.flatMap((table) => table.split('\n'));
  return rows.flatMap((row) => row.replace(/\]\([^)]*\)/g, ']').split(/(?<!\\)\|/)).map((cell) => cell.trim());
}

test.each([...pages, ...globSync('{.changeset,examples/*,packages/env/python}/*.md', { cwd: root })])(
  '%s: no line of prose above 130 characters, no cell above 120',
  (path) => {
    const lines = withoutCode(read(path)).split('\n');
    for (const line of lines.filter((text) => !text.startsWith('|')))
      expect(line.length, line).toBeLessThanOrEqual(130);
    for (const cell of cells(path)) expect(cell.length, cell).toBeLessThanOrEqual(120);
  },
);

test('docs/errors.md has every code of the sources, with cause and cure, and no other', () => {
  const sources = globSync('{packages,apps}/*/src/**/*.ts', { cwd: root }).filter((path) => !path.endsWith('.test.ts'));
  const codes = sources.flatMap((path) => [...read(path).matchAll(/'(E_[A-Z_]+)'/g)].map(([, code]) => code!));
  const sections = read('docs/errors.md').split(/^### /m).slice(1);
  const documented = sections.map((section) => section.slice(0, section.indexOf('\n')));
  expect(documented.toSorted()).toEqual([...new Set(codes)].toSorted());
  for (const section of sections) expect(section).toMatch(/^E_[A-Z_]+\n\n[A-Z`].*?\.\s[A-Z`].*\.\n/s);
});

test('the picture of results is that of the tables', () => {
  execFileSync(process.execPath, ['scripts/results-figure.mjs', '--check'], { cwd: root });
});

test.each(Object.keys(layers))('the diagram of %s is made from the rule of the layers', (folder) => {
  expect(read('docs/architecture.md')).toContain(`\`\`\`mermaid\n${diagram(folder)}\n\`\`\``);
});

test('the tables of options are those of the code', () => {
  execFileSync(process.execPath, ['--conditions=@lea/source', 'scripts/option-tables.mjs', '--check'], { cwd: root });
});

test('the code in pages is that of the tested files', () => {
  execFileSync(process.execPath, ['scripts/page-code.mjs', '--check'], { cwd: root });
});

test('the schema of configs is that of the code', () => {
  execFileSync(process.execPath, ['--conditions=@lea/source', 'scripts/config-schema.mjs', '--check'], { cwd: root });
});
