/** How a log is stored on disk. */
export const forms = ['csv', 'parquet'] as const;

export type LogForm = (typeof forms)[number];

/** Our readers. */
export const engines = ['duckdb', 'js'] as const;

/** Settings of a process that reads a log, splits it by leaving one out, and may train on it. */
export interface ReadSettings {
  /** File with the columns user_id, item_id and timestamp. */
  readonly path: string;
  readonly engine: (typeof engines)[number];
  readonly threads: number;
  /** Steps of a round of training, after the log was read; undefined: a round reads the log. */
  readonly steps?: number;
}
