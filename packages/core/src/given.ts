/** Options as they are given: any of them may be left out or `undefined`, which takes the default. */
export type Given<O> = { [K in keyof O]?: O[K] | undefined };
