import type { Progress } from '@lea/core';

/** The stages of this package's long work, and the units that they count. */
interface Units {
  evaluation: 'events';
  fidelity: 'rows';
  recommendation: 'lists';
  'reward-accuracy': 'rows';
  visits: 'visits';
  'off-policy': 'rounds';
  'fitted-q': 'iterations';
}

/** How far the long work of this package is; `EvaluationEvent<'fidelity'>` are the events of one stage. */
export type EvaluationEvent<Stage extends keyof Units = keyof Units> = {
  [S in Stage]: Progress<S, Units[S]>;
}[Stage];
