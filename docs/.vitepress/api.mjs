// Writes the API reference into docs/api: one page per entry point of every package, out of its docstrings.
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Application, Converter, ReflectionKind } from 'typedoc';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Source -> the name that people import. */
const entries = Object.fromEntries(
  readdirSync(join(root, 'packages')).flatMap((folder) => {
    const { name, exports } = JSON.parse(readFileSync(join(root, 'packages', folder, 'package.json'), 'utf8'));
    return Object.entries(exports)
      .filter(([, target]) => target['@lea/source'])
      .map(([path, target]) => [posix.join(folder, target['@lea/source']), name + path.slice(1)]);
  }),
);

const app = await Application.bootstrapWithPlugins({
  plugin: ['typedoc-plugin-markdown'],
  entryPoints: Object.keys(entries).map((source) => join(root, 'packages', source)),
  tsconfig: join(root, 'docs/.vitepress/tsconfig.api.json'),
  out: join(root, 'docs/api'),
  name: 'API',
  readme: 'none',
  router: 'module',
  entryFileName: 'index',
  hideBreadcrumbs: true,
  hidePageHeader: true,
  excludeInternal: true,
  excludePrivate: true,
  disableSources: true,
  parametersFormat: 'table',
  interfacePropertiesFormat: 'table',
  typeAliasPropertiesFormat: 'table',
  enumMembersFormat: 'table',
  tableColumnSettings: { hideModifiers: true, hideInherited: true },
  sanitizeComments: true,
  useCodeBlocks: true,
  validation: { notExported: false, invalidLink: true, notDocumented: false },
});
// TypeDoc names a module by its file.
const moduleNames = Object.entries(entries).map(([source, name]) => [source.replace(/(\/index)?\.ts$/, ''), name]);
app.converter.on(Converter.EVENT_CREATE_DECLARATION, (_, reflection) => {
  if (reflection.kind === ReflectionKind.Module) reflection.name = new Map(moduleNames).get(reflection.name);
});

const project = await app.convert();
if (!project) process.exit(1);
await app.generateOutputs(project);
process.exit(app.logger.hasErrors() ? 1 : 0);
