import { presets } from '../config/presets/index.ts';

export type Loose = Record<string, unknown> & {
  runs: Record<string, unknown>[];
  environments: Record<string, Record<string, unknown>>;
};
export const valid = () => structuredClone(presets.quick!) as unknown as Loose;
