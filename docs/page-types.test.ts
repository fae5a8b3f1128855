import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

/** What `tsc --init` sets, and the sources of packages in the place of their declarations. */
const options: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2023,
  module: ts.ModuleKind.NodeNext,
  lib: ['lib.es2023.d.ts', 'lib.dom.d.ts', 'lib.esnext.d.ts'],
  types: ['node'],
  customConditions: ['@lea/source'],
  allowImportingTsExtensions: true,
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: true,
  noEmit: true,
};

/** A block may go on with names of an earlier one, of a file beside it or of a test runner: these have any type. */
const unknownName = [2304, 2307, 2552, 2593, 18004];
/** Parameters of functions that are given to such a name have any type as well. */
const implicitAny = [7006, 7019, 7031];

/** The blocks of pages, as files of the one package that depends on all others. Those that show files are checked with them. */
const pages = globSync(['*.md', 'docs/**/*.md', '{packages,apps}/*/README.md'], {
  cwd: root,
  exclude: ['docs/{api,node_modules}/**'],
});
const blocks = new Map(
  pages.flatMap((page) => {
    const text = readFileSync(join(root, page), 'utf8');
    return [...text.matchAll(/(?<!-->\n\n)^```ts[^\n]*\n(.*?)^```$/gms)].map(({ index, 1: code }) => {
      const line = text.slice(0, index).split('\n').length + 1;
      return [
        join(root, 'apps/bench/pages', `${page.replaceAll('/', '+')}:${line}.ts`),
        `${code}export {};\n`,
      ] as const;
    });
  }),
);
/** Options take `undefined` for their default, also where the compiler tells it from a missing one. */
const given = `import { ce, sasrec } from '@lea/agents';
import { createWorld, splitByUser } from '@lea/data';
import { ease, evaluate } from '@lea/eval';
import { fit, leaSignals } from '@lea/train';
const { train, validation, test } = splitByUser(createWorld({ users: undefined }).interactions, { stable: undefined });
const agent = ce({ encoder: sasrec({ width: undefined }), lr: undefined });
const signals = leaSignals({} as Parameters<typeof leaSignals>[0], train, { k: undefined, use: { state: undefined } });
await fit({ agent, train, validation, rewards: 'logged', signals: undefined, maxSteps: undefined });
await fit({ agent, train, validation, rewards: 'logged', signals });
await evaluate(ease(train, { decay: undefined }), test, { exclude: undefined });
`;
blocks.set(join(root, 'apps/bench/pages/undefined.ts'), given);
const examples = globSync('examples/*/*.ts', { cwd: root }).map((path) => join(root, path));

test('the code of pages and examples has the types that a new project checks', () => {
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile } = host;
  host.fileExists = (path) => blocks.has(path) || fileExists(path);
  host.readFile = (path) => blocks.get(path) ?? readFile(path);
  const program = ts.createProgram([...blocks.keys(), ...examples], options, host);
  const found = [...blocks.keys(), ...examples].flatMap((path) => {
    const file = program.getSourceFile(path);
    const errors = [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)];
    const continues = blocks.has(path) && errors.some(({ code }) => unknownName.includes(code));
    return errors
      .filter(({ code }) => !continues || ![...unknownName, ...implicitAny].includes(code))
      .map(({ code, messageText, start }) => {
        const line = file!.getLineAndCharacterOfPosition(start!).line + 1;
        return `${path.slice(root.length)}, line ${line}: ${ts.flattenDiagnosticMessageText(messageText, ' ')} (${code})`;
      });
  });
  expect(found).toEqual([]);
});
