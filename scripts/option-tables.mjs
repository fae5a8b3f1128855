// Writes the tables of options in docs/environment-options.md. The text is the doc comment of each option in its interface, and
// the default is that of the code. `npm run option-tables`; with `-- --check` it only compares
import { readFileSync, writeFileSync } from 'node:fs';
import ts from 'typescript';
import {
  annotateDefaults,
  catalogModelDefaults,
  fitDefaults,
  itemTokenDefaults,
} from '../packages/env/src/measuring.ts';

const page = new URL('../docs/environment-options.md', import.meta.url);
const tables = [
  ['fitEnvironment', 'fit/fit-options.ts', 'FitEnvironmentOptions', fitDefaults],
  ['catalogModel', 'language-model/catalog-model.ts', 'CatalogModelOptions', catalogModelDefaults],
  ['learnItemTokens', 'items/item-tokens.ts', 'ItemTokenOptions', itemTokenDefaults],
  ['annotate', 'annotation/annotate.ts', 'AnnotateOptions', annotateDefaults],
];

/** The doc comment of every member of an interface, as one line. */
function membersOf(path, name) {
  const source = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true);
  const members = [];
  source.forEachChild((node) => {
    if (!ts.isInterfaceDeclaration(node) || node.name.text !== name) return;
    for (const member of node.members) {
      const [doc] = ts.getJSDocCommentsAndTags(member);
      members.push([member.name.getText(), ts.getTextOfJSDocComment(doc?.comment) ?? '']);
    }
  });
  return members;
}

/** The first sentence. */
function meaningOf(text) {
  const plain = text
    .replace(/\s+/g, ' ')
    .replace(/\{@link (\w+)\}/g, '`$1`')
    .trim();
  const [sentence] = /^.+?[.:](?= |$)/.exec(plain) ?? [plain];
  const first = sentence.replace(/[.:;]$/, '');
  return first.length <= 120 ? first : `${first.slice(0, first.lastIndexOf(' ', 116))} …`;
}

const shown = (value) => (value === undefined ? '–' : `\`${JSON.stringify(value)}\``);

function tableOf([title, file, name, defaults]) {
  const path = new URL(`../packages/env/src/${file}`, import.meta.url).pathname;
  const rows = membersOf(path, name).map(([option, text]) => [
    `\`${option}\``,
    shown(defaults[option]),
    meaningOf(text).replaceAll('|', '\\|'),
  ]);
  const all = [['option', 'default', 'meaning'], ...rows];
  const widths = [0, 1, 2].map((column) => Math.max(...all.map((row) => row[column].length)));
  const line = (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`;
  const ruler = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [`## \`${title}\``, '', line(all[0]), ruler, ...rows.map(line), ''].join('\n');
}

const text = `# Options of environments

Every option by its name, its default and its meaning in one sentence. Editors show the whole text, with the effect of raising
and lowering a value, when you point at an option. – means that there is no default: the option follows from others, or is off.
All functions also take \`threads\`, \`backend\` and, where they train, \`spinning\`.

This page is made from the code by \`node --conditions=@lea/source scripts/option-tables.mjs\`.

${tables.map(tableOf).join('\n')}`;

if (!process.argv.includes('--check')) writeFileSync(page, text);
else if (readFileSync(page, 'utf8') !== text) {
  console.error('docs/environment-options.md is not that of the code. Run npm run option-tables.');
  process.exit(1);
}
