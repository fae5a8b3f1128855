import { LeaError } from '@lea/core';
import type { PairSpecs, Specs } from '../types.ts';

/**
 * The specs of the frozen tensors that are the state of the other network.
 *
 * @throws LeaError `E_PROGRAM` for a name that the state lacks or that is also a frozen tensor or a constant
 */
export function partnerSpecs({ state = {}, frozen = {}, constants = {}, partner }: PairSpecs): Specs {
  return Object.fromEntries(
    Object.entries(partner).map(([name, of]) => {
      const spec = state[of];
      if (!spec) {
        throw new LeaError(
          'E_PROGRAM',
          `partner: "${name}" is to be the other network's "${of}", which the state lacks.`,
          {
            value: of,
            hint: `Names in the state: ${Object.keys(state).join(', ') || 'none'}.`,
          },
        );
      }
      if (name in frozen || name in constants) {
        throw new LeaError('E_PROGRAM', 'A tensor is both in `partner` and in `frozen` or `constants`.', {
          value: name,
          hint: 'Remove it from one of them.',
        });
      }
      return [name, spec];
    }),
  );
}
