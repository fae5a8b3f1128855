/** Advice for metrics that diverge, by metric name. `loss` is for all metrics without an entry. */
type DivergenceHints = Readonly<Record<string, string>>;

/** @param rate the option that sets the learning rate */
export function supervisedHints(rate: string): DivergenceHints {
  return {
    loss: `Lower the learning rate ${rate}, and check the scale of rewards, text vectors and signals.`,
    'loss/ce': `Lower the learning rate ${rate}, and check the scale of text vectors and signals.`,
  };
}

/** Advice for agents with a Q head. */
export function qHints(rate: string): DivergenceHints {
  const values = `Lower gamma, the rewards or the learning rate ${rate}, or use cql or bcq to keep values near the log.`;
  return {
    ...supervisedHints(rate),
    'loss/td': values,
    'loss/td_negative': values,
    'loss/td_augmented': values,
    'loss/cql': values,
    'q/mean': values,
    'q/min': values,
  };
}

/** Advice for a single phase, which takes precedence: the keys are `phase/metric`. */
export function hintsOfPhase(phase: string, divergenceHints: DivergenceHints): DivergenceHints {
  return Object.fromEntries(Object.entries(divergenceHints).map(([metric, hint]) => [`${phase}/${metric}`, hint]));
}
