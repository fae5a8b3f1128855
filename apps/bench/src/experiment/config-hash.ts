import { contentHash } from '@lea/core';

/** What the id of a run hashes, or that of an environment or network within. */
interface Resolved {
  readonly seed?: unknown;
  readonly config?: {
    readonly environment?: Resolved | readonly Resolved[];
    readonly network?: Resolved;
  };
}

/**
 * The hash of everything that decides the outcome of a run but its seed. So the seeds of one config have the same hash, and runs
 * of another config, on other data or with other versions have another one.
 *
 * @param resolved the field `config` of a record
 */
export function configHash(resolved: unknown): string {
  return contentHash(withoutSeed(resolved as Resolved));
}

/** Only seeds of the bench: an option of an agent may have the same name. */
function withoutSeed({ seed: _, config, ...rest }: Resolved): object {
  const { environment, network } = config ?? {};
  return {
    ...rest,
    config: {
      ...config,
      ...(environment && { environment: [environment].flat().map(withoutSeed) }),
      ...(network && { network: withoutSeed(network) }),
    },
  };
}
