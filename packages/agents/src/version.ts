import manifest from '../package.json' with { type: 'json' };

/** The version of this package, stored in the files that it writes. */
export const agentsVersion: string = manifest.version;
