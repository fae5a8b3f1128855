import type { Scored } from '@lea/data';

/** What a runtime recommends. */
export interface Answers {
  version: string;
  /** By policy. */
  lists: Record<string, Scored[][]>;
}
