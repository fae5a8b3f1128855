/** What to do when a metric runs away, by its name. `loss` stands for all that have no entry of their own. */
type Cures = Readonly<Record<string, string>>;

/** @param rate the option that sets the learning rate */
export function supervisedCures(rate: string): Cures {
  return {
    loss: `Lower the learning rate ${rate}; see that rewards, text vectors and signals are of ordinary size.`,
    'loss/ce': `Lower the learning rate ${rate}; see that text vectors and signals are of ordinary size.`,
  };
}

/** The same for agents with a Q head. */
export function qCures(rate: string): Cures {
  const values = `Lower gamma, the rewards or the learning rate ${rate}; cql and bcq keep values near the log.`;
  return {
    ...supervisedCures(rate),
    'loss/td': values,
    'loss/td_negative': values,
    'loss/td_augmented': values,
    'loss/cql': values,
    'q/mean': values,
    'q/min': values,
  };
}

/** Cures of one phase alone, which go before those of all phases: their names are `phase/metric`. */
export function curesOf(phase: string, cures: Cures): Cures {
  return Object.fromEntries(Object.entries(cures).map(([metric, cure]) => [`${phase}/${metric}`, cure]));
}
