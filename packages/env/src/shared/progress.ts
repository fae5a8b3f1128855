/** What the long-running generators of this package yield. */
export interface Progress {
  /** What is being done: `tokenizer`, `language model`, `item tokens`, `environment`, `annotation`, `reused`, ... */
  readonly stage: string;
  /** How far the stage is, out of `total` (when that is known). */
  readonly step: number;
  readonly total?: number;
  /** Losses and validation values of the step. */
  readonly metrics?: Readonly<Record<string, number>>;
}

/** The same work, with other names of its stages. */
export async function* withStages<R>(
  work: AsyncGenerator<Progress, R>,
  rename: (stage: string) => string,
): AsyncGenerator<Progress, R> {
  try {
    for (;;) {
      const next = await work.next();
      if (next.done) return next.value;
      yield { ...next.value, stage: rename(next.value.stage) };
    }
  } finally {
    // Work that is cut frees what it holds.
    await work.return(undefined as never);
  }
}

/** Runs a generator of progress to its end and returns its result. */
export async function finish<R>(
  work: AsyncGenerator<Progress, R>,
  onProgress?: (progress: Progress) => void,
): Promise<R> {
  for (;;) {
    const next = await work.next();
    if (next.done) return next.value;
    onProgress?.(next.value);
  }
}
