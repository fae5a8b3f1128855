import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Entries for those who test their own agents, and for the measurements of this repository. */
const NOT_FOR_USERS = /testing|measuring|package\.json/;

function entriesOf(manifest: string): string[] {
  const { exports } = JSON.parse(readFileSync(join(root, manifest), 'utf8'));
  return Object.entries<{ '@lea/source'?: string }>(exports)
    .filter(([name]) => !NOT_FOR_USERS.test(name))
    .map(([, conditions]) => join(root, manifest, '..', conditions['@lea/source'] ?? ''))
    .filter((path) => path.endsWith('.ts'));
}

/** Exports of an entry, and members of exported interfaces and classes, that editors have no text for. */
function undocumented(entry: string, program: ts.Program): string[] {
  const checker = program.getTypeChecker();
  const lacks = (symbol: ts.Symbol): boolean => symbol.getDocumentationComment(checker).length === 0;
  const source = checker.getSymbolAtLocation(program.getSourceFile(entry)!)!;
  return checker.getExportsOfModule(source).flatMap((exported) => {
    const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
    const declaration = symbol.declarations?.[0];
    if (!declaration || program.isSourceFileFromExternalLibrary(declaration.getSourceFile())) return [];
    const hasMembers = ts.isInterfaceDeclaration(declaration) || ts.isClassDeclaration(declaration);
    const members = hasMembers ? [...declaration.members] : [];
    const named = members.flatMap((member) => {
      if (!member.name || ts.isPrivateIdentifier(member.name)) return [];
      const own = checker.getSymbolAtLocation(member.name);
      return own && lacks(own) ? [`${symbol.name}.${member.name.getText()}`] : [];
    });
    return [...(lacks(symbol) ? [symbol.name] : []), ...named];
  });
}

test.each(globSync('packages/*/package.json', { cwd: root }))('every public name of %s has a text', (manifest) => {
  const entries = entriesOf(manifest);
  expect(entries.length).toBeGreaterThan(0);
  const program = ts.createProgram(entries, {
    module: ts.ModuleKind.NodeNext,
    target: ts.ScriptTarget.ES2023,
    customConditions: ['@lea/source'],
    allowImportingTsExtensions: true,
    noEmit: true,
    skipLibCheck: true,
  });
  expect(entries.flatMap((entry) => undocumented(entry, program))).toEqual([]);
});
