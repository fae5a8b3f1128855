// The doc comments of the options that the packages declare.
import { globSync, readFileSync } from 'node:fs';
import ts from 'typescript';

const root = new URL('..', import.meta.url);

/** The interfaces of all packages: their parents and the doc comment of every member. */
export const interfaces = new Map();
for (const file of globSync('packages/{agents,data,env,eval,train}/src/**/*.ts', { cwd: root })) {
  if (!/\.test\.ts$/.test(file))
    collect(ts.createSourceFile(file, readFileSync(new URL(file, root), 'utf8'), ts.ScriptTarget.Latest, true));
}

function collect(source) {
  source.forEachChild((node) => {
    if (!ts.isInterfaceDeclaration(node)) return;
    const parents = (node.heritageClauses ?? []).flatMap(({ types }) =>
      types.map(({ expression }) => expression.getText()),
    );
    const docs = node.members.filter(ts.isPropertySignature).map((member) => {
      const [doc] = ts.getJSDocCommentsAndTags(member);
      return [member.name.getText(), ts.getTextOfJSDocComment(doc?.comment) ?? ''];
    });
    interfaces.set(node.name.text, { parents, docs });
  });
}

/** The doc comments of an interface and of those that it extends. */
export function docsOf(name) {
  const { parents, docs } = interfaces.get(name) ?? { parents: [], docs: [] };
  return new Map([...parents.flatMap((parent) => [...docsOf(parent)]), ...docs]);
}

/** A doc comment as one line of Markdown. */
export function oneLine(text) {
  return text
    .replace(/\s+/g, ' ')
    .replace(/\{@link (\w+)\}/g, '`$1`')
    .trim();
}

/** The longest text of a cell. */
const LONGEST = 120;

/** A text that fits in a cell. */
export function shortened(text, longest = LONGEST) {
  return text.length <= longest ? text : `${text.slice(0, text.lastIndexOf(' ', longest - 4))} …`;
}

/**
 * The first sentence of a doc comment without its default, cut after its last clause that fits. Marks within code or brackets end
 * nothing.
 */
export function meaningOf(text) {
  const plain = oneLine(text).replace(/ \(default[^)]*\)/g, '');
  const hidden = plain.replace(/`[^`]*`|\([^)]*\)/g, (part) => '_'.repeat(part.length));
  const until = (end) => (end < 0 ? plain.length : end);
  const sentence = plain.slice(0, until(hidden.search(/(?<!e\.g)\.(?= |$)/)));
  if (sentence.length <= LONGEST) return sentence;
  const start = hidden.slice(0, LONGEST + 1);
  const clause = Math.max(start.lastIndexOf('; '), start.lastIndexOf(': '));
  return shortened(sentence.slice(0, clause > 0 ? clause : until(start.lastIndexOf(', '))));
}
