import type { Published } from '../schema.ts';

/** Rows of one study from HR@10 and NDCG@10. */
export function study(source: string, protocol: string): (name: string, hr: number, ndcg: number) => Published {
  return (name, hr, ndcg) => ({ name, metrics: { 'hr@10': hr, 'ndcg@10': ndcg }, source, protocol });
}

const places = [5, 10, 20].flatMap((k) => [`hr@${k}`, `ndcg@${k}`]);
const names = ['purchase', 'click'].flatMap((kind) => places.map((metric) => `${metric}/${kind}`));

/**
 * Rows of the SA2C paper, by model.
 *
 * @param rows HR and NDCG at 5, 10 and 20 of purchases, then of clicks: HR@5, NDCG@5, HR@10, NDCG@10, HR@20, NDCG@20
 */
export function sa2cStudy(table: string, rows: Readonly<Record<string, readonly number[]>>): Published[] {
  const source = `Xin et al., WSDM 2022 (SA2C), ${table}`;
  const protocol =
    'sequences split 80/10/10 at random, every event ranked over the whole catalog, histories of 10, supervised head; the paper ' +
    'does not say whether on validation or test';
  return Object.entries(rows).map(([name, values]) => ({
    name,
    metrics: Object.fromEntries(names.map((metric, i) => [metric, values[i]!])),
    source,
    protocol,
  }));
}
