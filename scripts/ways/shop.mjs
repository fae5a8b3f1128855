// The shop of the guide: the log and the items of examples/own-data-set, with ISO dates and searches among the events.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../packed.mjs';

const folder = join(root, 'examples', 'own-data-set');
const lines = (file) => readFileSync(join(folder, file), 'utf8').trim().split('\n');

export function shopFiles() {
  const [, ...events] = lines('events.csv').map((line) => line.split(','));
  const rows = events.flatMap(([user, item, seconds, kind], i) => {
    const at = new Date(1000 * seconds).toISOString().slice(0, 19).replace('T', ' ');
    return [[user, item, at, kind], ...(i % 10 === 0 ? [[user, item, at, 'search']] : [])];
  });
  return {
    'events.csv': text([['visitor', 'sku', 'at', 'event'], ...rows].map((row) => row.join(','))),
    'items.csv': text(lines('items.csv')),
  };
}

/** The next day's catalog: two items are gone, two are new, and the order differs. */
export function nextDay(items) {
  const [header, ...rows] = items.trim().split('\n');
  const [first, second, ...rest] = rows;
  const gone = [first, second].map((row) => row.split(',')[0]);
  const added = ['S900,Brand-new lamp,Lumo', 'S901,Brand-new chair,Lumo'];
  return { gone, items: text([header, ...[...rest, ...added].reverse()]) };
}

function text(all) {
  return `${all.join('\n')}\n`;
}
