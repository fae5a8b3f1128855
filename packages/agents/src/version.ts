import manifest from '../package.json' with { type: 'json' };

/** The version of this package, for the files that it writes. */
export const agentsVersion: string = manifest.version;
