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
