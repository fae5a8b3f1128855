/** A metric such as `.0512` or `−.2500`, without the leading zero to save width. */
export function formatMetric(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return '–';
  return value
    .toFixed(4)
    .replace(/^(-?)0\./, '$1.')
    .replace('-', '−');
}

/** A share such as `0.5 %`. */
export function formatShare(share: number): string {
  return `${Number((100 * share).toPrecision(3))} %`;
}

/** `NDCG@10`, `NDCG@10 purchase`, `GINI@10 of lists`, `SNDR off-policy`. */
export function metricTitle(metric: string): string {
  const [at, kind] = metric.split('/');
  if (at === 'lists') return `${kind!.toUpperCase()} of lists`;
  if (at === 'off-policy') return `${kind!.toUpperCase()} off-policy`;
  return `${at!.toUpperCase()}${kind ? ` ${kind}` : ''}`;
}
