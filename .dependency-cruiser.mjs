// Which file may import which: `npm run check` refuses the others. The layers are in scripts/layers.mjs.
import { layers } from './scripts/layers.mjs';

/** Tests and what they are made of may look at every module. */
const forTests = String.raw`\.test\.ts$|/(testing|fixtures)(/|\.ts$)`;

const oneOf = (modules) => `(${modules.join('|')})`;

/** Folders whose files are all in modules. */
const sources = Object.keys(layers).filter((folder) => folder.endsWith('/src'));

/** No import from a layer to one above it, nor between two modules of a layer. */
const upward = Object.entries(layers).flatMap(([folder, all]) =>
  all.flatMap((modules, i) => {
    const above = all.slice(i + 1).flat();
    return modules.flatMap((module) => {
      const closed = [...modules.filter((other) => other !== module), ...above];
      if (closed.length === 0) return [];
      return {
        name: `${folder}/${module} is below ${closed.join(', ')}`,
        severity: 'error',
        from: { path: `^${folder}/${module}/`, pathNot: forTests },
        to: { path: `^${folder}/${oneOf(closed)}/` },
      };
    });
  }),
);

export default {
  forbidden: [
    ...upward,
    { name: 'no circle of files', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'packages know no app',
      severity: 'error',
      from: { path: '^packages/' },
      to: { path: '^apps/' },
    },
    {
      name: 'packages meet at their entries',
      severity: 'error',
      from: { path: '^(packages|apps)/([^/]+)/' },
      // Except for the calls that the tests of all packages make with arguments of another kind.
      to: { path: '^packages/', pathNot: ['^$1/$2/', '/fixtures/bad-calls'], dependencyTypes: ['local'] },
    },
    ...sources.map((folder) => ({
      name: `every file of ${folder} is in a module`,
      severity: 'error',
      from: {},
      to: {
        path: `^${folder}/`,
        pathNot: [
          `^${folder}/${oneOf(layers[folder].flat())}/`,
          forTests,
          String.raw`/src/(index|main|measuring)\.ts$`,
        ],
      },
    })),
    {
      name: 'an index only passes on',
      severity: 'error',
      from: { path: String.raw`^packages/[^/]+/src/index\.ts$` },
      to: { path: '^packages/', pathNot: '/tfjs[.]ts$', dependencyTypesNot: ['export'] },
    },
    {
      name: 'an index is for other packages',
      severity: 'error',
      from: { path: '^(packages|apps)/([^/]+)/', pathNot: forTests },
      to: { path: String.raw`^$1/$2/src/index\.ts$` },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: { conditionNames: ['@lea/source', 'import', 'default'], exportsFields: ['exports'] },
  },
};
