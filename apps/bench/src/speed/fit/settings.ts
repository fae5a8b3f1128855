/** Settings of a process that trains SASRec on a log, leaving the last two events of each user out. */
export interface FitSettings {
  /** CSV file with the columns user_id, item_id and timestamp. */
  readonly path: string;
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  readonly dropout: number;
  readonly window: number;
  readonly batch: number;
  readonly lr: number;
  readonly seed: number;
  readonly threads: number;
}
