/** Floors, lowest first. A room may import only from floors below its own. */
export const floors = {
  packages: [['core'], ['data', 'tensor'], ['agents', 'eval'], ['env', 'train']],
  'packages/env/src': [
    ['shared'],
    ['language-model'],
    ['items'],
    ['model'],
    ['inference'],
    ['fit'],
    ['annotation'],
    ['gym', 'likelihood', 'prompted'],
  ],
  'apps/bench/src': [
    ['terminal'],
    ['config'],
    ['data'],
    ['experiment'],
    ['jobs'],
    ['queue', 'report'],
    ['fidelity', 'returns', 'search', 'speed', 'tamper', 'tensorboard'],
    ['cli'],
  ],
};

/** The floors of a folder as a Mermaid diagram: each floor may import from all floors below it. */
export function diagram(folder) {
  const floor = (rooms, i) => `  floor${i}["${rooms.join(' · ')}"]`;
  const arrow = (_, i) => `  floor${i + 1} --> floor${i}`;
  return ['flowchart TD', ...floors[folder].map(floor), ...floors[folder].slice(1).map(arrow)].join('\n');
}
