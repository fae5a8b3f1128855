/** Layers, lowest first. A module may import only from layers below its own. */
export const layers = {
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

/** The layers of a folder as a Mermaid diagram: each layer may import from all layers below it. */
export function diagram(folder) {
  const layer = (modules, i) => `  layer${i}["${modules.join(' · ')}"]`;
  const arrow = (_, i) => `  layer${i + 1} --> layer${i}`;
  return ['flowchart TD', ...layers[folder].map(layer), ...layers[folder].slice(1).map(arrow)].join('\n');
}
