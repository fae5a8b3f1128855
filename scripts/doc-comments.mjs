// The doc comments of options, for the tables of options and the schema of configs
import { readFileSync } from 'node:fs';
import ts from 'typescript';

/** [name, doc comment] of every member of an interface, without those of the interfaces that it extends. */
export function membersOf(path, name) {
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

/** A doc comment as one line. */
export function oneLine(text) {
  return text
    .replace(/\s+/g, ' ')
    .replace(/\{@link (\w+)\}/g, '`$1`')
    .trim();
}
