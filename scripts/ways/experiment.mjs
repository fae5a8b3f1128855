// Follows docs/guide/experiment.md: from a user's CSV through the bench to a report.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { step } from '../packed.mjs';
import { readPage } from './page.mjs';
import { shopFiles } from './shop.mjs';

export function experiment(user) {
  const { page, files, commands } = readPage('docs/guide/experiment.md');
  const shop = shopFiles();
  const isShown = page.includes(`\`\`\`csv\n${shop['events.csv'].split('\n')[0]}\n`);
  step('experiment: the page shows the columns of the log', { status: isShown ? 0 : 1 });
  user.write({ ...shop, ...files });
  let ended;
  for (const command of commands) {
    ended = user.type(command);
    if (!step(`experiment: ${command}`, ended)) return;
  }
  const report = join(user.folder, 'report.html');
  const html = existsSync(report) ? readFileSync(report, 'utf8') : '';
  const dropped = (shop['events.csv'].match(/,search$/gm) ?? []).length;
  const said = [
    [`${dropped} events are dropped`, ended.stderr],
    ['purchase', ended.stdout],
    ['The best trained policy by validation NDCG@10', ended.stdout],
    ['<td>SASRec + memory', html.replaceAll(' class="best"', '')],
    ['means of 2 seeds', html],
  ];
  for (const [words, where] of said) {
    step(`experiment: it says "${words.replace('<td>', '')}"`, { ...ended, status: where.includes(words) ? 0 : 1 });
  }
}
