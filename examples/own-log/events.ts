import { createWorld } from '@lea/data';

/** Takes the place of your own file: customer, article, time, kind of event. */
export function someEvents(): string {
  const { interactions: log } = createWorld({ users: 400, items: 120 });
  const rows = Array.from(log.item, (item, event) =>
    [log.userIds[log.user[event]!], log.itemIds[item], log.time[event], log.kinds[log.kind[event]!]].join(','),
  );
  return ['customer,article,when,what', ...rows].join('\n');
}
