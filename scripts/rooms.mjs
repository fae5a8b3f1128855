/** Floors, the lowest first: a room imports from the floors below its own, and not from beside or above. */
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
    ['gym', 'prompted'],
  ],
  'apps/bench/src': [
    ['terminal'],
    ['config'],
    ['data'],
    ['experiment'],
    ['report'],
    ['fidelity', 'speed', 'tamper'],
    ['cli'],
  ],
};

/** The floors of a folder as a diagram: arrows lead from a room to the floor below, and may skip floors. */
export function diagram(folder) {
  const lines = floors[folder].map((rooms, i) => {
    const boxes = rooms.map((room) => `f${i}${room.replace(/\W/g, '')}["${room}/"]`);
    return boxes.join(' & ');
  });
  return `flowchart TD\n  ${lines.toReversed().join(' --> ')}`;
}
