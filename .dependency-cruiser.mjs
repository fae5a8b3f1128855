// Which file may import which: `npm run check` refuses the others. The floors are in scripts/rooms.mjs.
import { floors } from './scripts/rooms.mjs';

/** Tests and what they are made of may look at every room. */
const forTests = String.raw`\.test\.ts$|/(testing|fixtures)(/|\.ts$)`;

const oneOf = (rooms) => `(${rooms.join('|')})`;

/** Folders whose files are all in rooms. */
const sources = Object.keys(floors).filter((folder) => folder.endsWith('/src'));

/** No import from a floor to one above it, nor between two rooms of a floor. */
const upward = Object.entries(floors).flatMap(([folder, stories]) =>
  stories.flatMap((rooms, i) => {
    const above = stories.slice(i + 1).flat();
    return rooms.flatMap((room) => {
      const closed = [...rooms.filter((other) => other !== room), ...above];
      if (closed.length === 0) return [];
      return {
        name: `${folder}/${room} is below ${closed.join(', ')}`,
        severity: 'error',
        from: { path: `^${folder}/${room}/`, pathNot: forTests },
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
      name: `every file of ${folder} is in a room`,
      severity: 'error',
      from: {},
      to: {
        path: `^${folder}/`,
        pathNot: [
          `^${folder}/${oneOf(floors[folder].flat())}/`,
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
