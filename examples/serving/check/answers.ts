import type { Scored } from '@lea/data';

/** The recommendations of a runtime. */
export interface Answers {
  version: string;
  /** By policy. */
  lists: Record<string, Scored[][]>;
}
