import { weightsHash } from '@lea/agents';
import { contentHash } from '@lea/core';
import type { Transitions } from '@lea/data';
import type { Runner, Value } from '@lea/tensor';
import type { Identity } from './checkpoint.ts';
import type { Plan } from './options.ts';
import { signalsHash } from './signals/signals.ts';

/**
 * Everything that the exact result of a run depends on within one version of @lea and its runtime. This includes the backend
 * and the number of threads, which change the order of sums. Versions are left out, so that an update does not end a long run: it
 * goes on, but its last bits may differ from those of an uninterrupted run.
 */
export function identityOf(plan: Plan, { backend, threads }: Runner['info']): Identity {
  const { window, batch, sampler, seed, evaluateEvery, patience, maxSteps, metric, exclude, rewards, shape } = plan;
  return {
    agent: plan.bareAgent.config,
    train: dataHash(plan.train),
    validation: dataHash(plan.validation),
    signals: signalsHash(plan.signals),
    text: textHash(plan.text),
    ...(plan.warmStart && { init: weightsHash(plan.warmStart.params) }),
    ...(plan.memory && { memory: { hash: plan.memory.hash, fusion: plan.fusion } }),
    shape,
    rewards: rewards === 'logged' ? { logged: contentHash(plan.train.sequences.reward) } : rewards,
    window,
    batch,
    sampler,
    seed,
    evaluateEvery,
    patience,
    maxSteps: Number.isFinite(maxSteps) ? maxSteps : null,
    metric,
    ...(exclude !== 'none' && { exclude }),
    runtime: { backend, threads },
  };
}

function dataHash({ sequences, event, sequence, done }: Transitions): string {
  const { offsets, items, kind, kinds } = sequences;
  return contentHash(offsets, items, kind, kinds, event, sequence, done);
}

function textHash(text: Value | undefined): string | null {
  return text ? contentHash(text.shape, text.data) : null;
}
