import { LeaError } from '@lea/core';
import type { Feed, Mode, ProgramSpecs } from './types.ts';
import { checkValues } from './values.ts';

/**
 * Checks a feed against the specs and returns its number of steps.
 *
 * @throws LeaError `E_FEED`
 */
export function stepCount(specs: ProgramSpecs, feed: Feed, mode: Mode): number {
  const first = Object.values(feed.inputs)[0];
  const steps = feed.steps ?? (mode === 'loop' && first ? first.shape[0]! : 1);
  if (!Number.isSafeInteger(steps) || steps < 1 || (mode === 'direct' && steps !== 1)) {
    throw new LeaError(
      'E_FEED',
      mode === 'direct' ? 'A direct program runs exactly one step.' : 'steps must be a positive whole number.',
      {
        value: steps,
      },
    );
  }
  checkValues('state', specs.state ?? {}, feed.state ?? {});
  checkValues('frozen tensors', specs.frozen ?? {}, feed.frozen ?? {});
  checkValues('inputs', specs.inputs, feed.inputs, mode === 'loop' ? steps : undefined);
  return steps;
}
