// Writes a sample log into the current folder: events.csv and items.csv of a synthetic shop.
// #region sample
import { writeFileSync } from 'node:fs';
import { createWorld } from '@lea/data';

const { interactions: log, itemTexts } = createWorld({ users: 400, items: 120 });
const events = ['visitor,sku,at,event'];
for (const [event, item] of log.item.entries()) {
  const visitor = log.userIds[log.user[event]!];
  const at = new Date(1000 * log.time![event]!).toISOString().slice(0, 19).replace('T', ' ');
  const kind = log.kinds[log.kind[event]!] === 'purchase' ? 'transaction' : 'view';
  if (event % 10 === 0) events.push(`${visitor},S${100 + item},${at},search`);
  events.push(`${visitor},S${100 + item},${at},${kind}`);
}
const items = itemTexts.texts.map((text, item) => {
  const parts = text.slice(0, -1).split('. ');
  return `S${100 + item},"${parts.at(0)}","${parts.at(-1)}"`;
});
writeFileSync('events.csv', `${events.join('\n')}\n`);
writeFileSync('items.csv', `${['sku,title,brand', ...items].join('\n')}\n`);
// #endregion sample
