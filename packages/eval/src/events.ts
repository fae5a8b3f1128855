import type { Progress } from '@lea/core';

/** What the stages of this package's long work count. */
interface Units {
  evaluation: 'events';
  fidelity: 'rows';
  'reward-accuracy': 'rows';
}

/** How far the long work of this package is; `EvaluationEvent<'fidelity'>` are the events of one stage. */
export type EvaluationEvent<Stage extends keyof Units = keyof Units> = {
  [S in Stage]: Progress<S, Units[S]>;
}[Stage];
